"""What the kinds of sound in the library are called."""

from domain.audio import ClipKind

CLIP_KIND_LABELS = {
    ClipKind.IDENT: "nhạc hiệu",
    ClipKind.STING: "nhạc cắt, nhạc kết",
    ClipKind.ANNOUNCEMENT: "lời xướng",
    ClipKind.BED: "nhạc nền",
    ClipKind.OTHER: "âm thanh khác",
}
