"""`python -m tiengloa` is the same as the command `tiengloa`."""

import sys

from tiengloa.cli import main

sys.exit(main())
