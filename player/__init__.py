"""The unattended broadcast machine (máy phát): holds a signed plan and its sound, and speaks on time, alone."""
