"""What is put where honest people put words: paths, fields, bodies and headers that have broken programs before."""

from urllib.parse import quote

EVIL = "<script>alert(1)</script>"
_DEEP = 100_000
PATH_PARTS: tuple[bytes, ...] = (
    *(b"khong-co", b"0", b"-1", b"1", b"1_000", b"1e9", b"+", b"*", b"::", b"a:b:c", b"a;b", b"None", b"{{7*7}}"),
    *(str(2**63).encode(), str(10**40).encode(), "²".encode(), "٣".encode(), "Đài".encode()),
    *(b"%00", b"a%00b", b"%", b"%25", b"%ff%fe", b"%ed%a0%80", b"\xc3", quote("ｎ️’\u202e").encode()),
    *(b"..", b"%2e%2e", b"%2e%2e%2f%2e%2e%2fetc%2fpasswd", b"%5c..%5c", b"//evil.vn", b"%0d%0aSet-Cookie:a=b"),
    *(b"x" * 10_000, b"f" * 64, b"F" * 64, b"' OR 1=1 --", quote(EVIL).encode()),
    *(b"2026-11-23", b"khong-co@2026-11-23T02:30:00Z", b"khong-co@99999-99-99", b"khong-co@" + b"9" * 400),
)
TEXTS: tuple[bytes, ...] = (
    *(b"", b" ", b"0", b"-1", b"1", b"9" * 30, b"1e400", b"nan", b"inf", b"-0,0", b"1,5", b"1.5.5", b"+1", b"0x10"),
    *(b"\x00", b"a\x00b", b"\xff\xfe\xfa", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", "\u202eĐài\u2028\x07".encode()),
    *(EVIL.encode(), b'"><img src=x onerror=alert(1)>', b"' OR 1=1 --", b"../../etc/passwd", b"{{7*7}}%s%n${x}"),
    *(b"//evil.vn", b"https://evil.vn/", b"/\\evil.vn", b"/\t/evil.vn", b"\t//evil.vn", b"javascript:alert(1)"),
    *(b"x" * 300, "ệ".encode() * 70_000, b"\n" * 5_000, "e\u0301".encode() * 50, "ễ\ud7ff\ufffe\uffff".encode()),
    *(b"31/02/2026", b"29/02/2026", b"01/01/0001", b"31/12/9999", b"99/99/99999", "٣/٣/٢٠٢٦".encode(), b"2026-W99"),
    *(b"24:00", b"23:59:60", b"00:00", b"25:61", b"9999:59", b"5:59:59", b"06:00\r\n07:00", "²³".encode()),
    *(b"9" * 19 + b":00", b"5h" + b"9" * 25, b"%s/1/1" % (b"9" * 25), b"9" * 5_000),
    *(b"null", b"True", b"[]", b"khong-co", b"*:*", b"mau:", b"tin:khong-co", b":" * 50, b"-", b"1-", b"2-1"),
    b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nRRULE:FREQ=SECONDLY;INTERVAL=0\r\nDTSTART:99999999T999999Z\r\nEND:VEVENT",
)
NAMES = (
    *("q", "page", "area", "day", "xem", "machine", "buoi", "luc", "ngay", "gio", "may", "lop", "loc", "in", "year"),
    *("next", "state", "topic", "bulletin", "giong", "wait", "after", "nonce", "khoa", "buoc", "message", "except"),
    *("chon", "written", "spoken", "sequence", "media", "signature", "v", "from", "to"),
)
"""Names of what our pages take from an address."""
BODIES: tuple[bytes, ...] = (
    *(b"", b"{", b"null", b"[]", b"1", b'"x"', b"{}", b"NaN", b"[" * _DEEP, b'{"a":' * _DEEP, b'{"a":1,"a":2}'),
    *(b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"\x00" * 64, b"&" * 2_000, b"a=1&" * 20_000, b"=" * 1_000),
    *(b'{"airings": NaN}', b'{"airings": {"0": 1}}', b'{"airings": [NaN, Infinity, 1e999, {}, [], null, "x"]}'),
    b'{"airings": [{"key": "\\ud800", "slot": "", "position": 1e99, "planned": 99999999999999999999}]}',
    b'{"airings": [' + b"{}," * 5_000 + b"{}]}",
    *(b'{"alerts": [[[]], {}]}', b'{"alerts": [{"alert": "x", "heard": -5, "at": 1e400}]}', b'{"alerts": "\\ud800"}'),
    *(b'{"code": "\\ud800", "public_key": "\\udfff"}', b'{"code": ["a"], "public_key": 5}'),
    b'{"code": "AAAA", "public_key": "' + b"A" * 43 + b'="}',
    *(b'{"slot": "\\ud800", "key": "\\ud800"}', b'{"slot": "a\\u0000", "key": ""}', b'{"slot": 1e999, "key": true}'),
    b'{"slot": "\\ud800", "key": "' + b"0" * 64 + b'"}',
    *(b'{"counter": ' + b"9" * 5_000 + b"}", b'{"counter": -1, "free": 1e308, "version": "\\u0000"}'),
    *(b"a=%ED%A0%80&b=%FF&%00=%00", b"RIFF\xff\xff\xff\xffWAVEfmt ", b"PK\x03\x04" + b"\xff" * 60),
)
TYPES: tuple[str, ...] = (
    *("application/x-www-form-urlencoded", "application/json", "multipart/form-data", "multipart/form-data; boundary="),
    *("", "/", "x" * 500, "application/xml", "multipart/mixed; boundary=x", "text/plain; charset=utf-7"),
    *("application/x-www-form-urlencoded; charset=klingon", "multipart/form-data; boundary=" + "b" * 300),
)
_RANGES = (
    *("bytes=0-0", "bytes=-0", "bytes=-1", "bytes=5-1", "bytes=", "bytes=a-b", "bytes=--5", "bytes= 0 - 1 ", "bytes"),
    *("bytes=0-0,2-2,4-4", "bytes=" + "0-," * 2_000, "bytes=99999999999999999999999-", "=0-1", "cuc=0-1"),
    *("bytes=0-99999999999999999999999", "bytes=0-18446744073709551616", "bytes=\xb2-\xb3"),
)
_HOSTS = ("evil.vn", "evil.vn/x?y#z", "[::1", "a\tb", "", "localhost:99999", "localhost@evil.vn", "\xff", "x" * 300)
_ADDRESSES = ("http://[::1", "null", "//evil.vn/x", "http://localhost//evil.vn", "http://localhost@evil.vn", "\xff", "")
_LENGTHS = ("-1", "abc", "99999999999", "1", "\xb2", "1, 1", " 5 ")
HEADERS: tuple[tuple[str, str], ...] = (
    *(("Range", one) for one in _RANGES),
    *(("Host", one) for one in _HOSTS),
    *((name, one) for name in ("Origin", "Referer") for one in _ADDRESSES),
    *(("Content-Length", one) for one in _LENGTHS),
    *(("If-None-Match", one) for one in ('"', "*", 'W/"x", ' * 200, "\xff")),
    *(("If-Match", '"a"'), ("If-Range", '"x"'), ("If-Range", "\xff"), ("Transfer-Encoding", "chunked")),
    *(("If-Modified-Since", "Thu Hai"), ("If-Modified-Since", "Mon, 99 Nov 99999 25:61:61 GMT")),
    ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
    *(("Accept-Language", "vi;q=99999,*;q=nan"), ("Accept-Encoding", "gzip;q=x, \xff"), ("Accept", ";" * 500)),
    *(("TL-Fragment", "1"), ("TL-Fragment", "\xff"), ("TL-Machine", "\xff"), ("TL-Time", "9" * 400)),
    *(("TL-Time", "-1"), ("TL-Signature", "===="), ("TL-Signature", "\xff"), ("X-CSRFToken", "\xff")),
    *(("Cookie", "tiengloa_phien=\xff; tiengloa_bieu_mau=x.y.z"), ("Cookie", "=;=;" * 500)),
    *(("X-Forwarded-For", "' OR 1"), ("X-Forwarded-Host", "evil.vn"), ("X-HTTP-Method-Override", "DELETE")),
    *(("Authorization", "Basic !!!"), ("Authorization", 'Digest username="\xff'), ("Sec-Fetch-Site", "cross-site")),
    *(("Cache-Control", "max-age=abc"), ("Date", "x"), ("Expect", "100-continue"), ("Upgrade", "websocket")),
)
