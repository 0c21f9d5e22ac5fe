"""Documents that lie about their letters, or hold what no XML may."""

import re

from hostile_site.documents import MORE, document, monster
from hostile_site.story import FEED, feed

for codec in (
    "punycode", "undefined", "idna", "unicode_escape", "raw_unicode_escape", "base64", "rot13", "hex",
    "zlib", "bz2", "uu", "quopri",
    "mbcs", "utf-7", "utf-8-sig", "utf_16", "UTF-32LE", "ucs-4", "cp037", "hz", "iso-2022-jp", "iso2022_kr",
    "shift_jis", "gb18030",
    "nosuch", "a" * 5_000, "..", "os", "encodings", "утф-8", "utf-8\0", "%s%s%n", "latin-1' x='", "ascii",
    "x-user-defined", "",
):  # fmt: skip
    label = re.sub(r"\W", "_", codec)[:20] or "none"
    start = f"<?xml version='1.0' encoding='{codec}'?>"
    document(f"enc_{label}", lambda start=start: feed(start=start))  # type: ignore[misc]
for codec in ("punycode", "undefined", "unicode_escape", "idna", "nosuch"):
    document(f"http_charset_{codec}", lambda: FEED, headers=f"Content-Type: text/xml; charset={codec}\r\n")
document(
    "enc_punycode_big",
    lambda: feed(start="<?xml version='1.0' encoding='punycode'?>", items=monster("z" * 500_000)),
)
LETTERS = feed(start="<?xml version='1.0'?>", items=monster("вести"))
for codec in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig"):
    document(f"bytes_{codec.replace('-', '_')}", lambda codec=codec: LETTERS.encode(codec))  # type: ignore[misc]
document("bytes_utf16_odd", lambda: LETTERS.encode("utf-16") + b"\0")
document("bytes_utf16_said_utf8", lambda: feed().encode("utf-16"))
document("bytes_koi8_said_utf8", lambda: feed(items=monster("вести")).encode("koi8-r"))
document("mixed_enc", lambda: feed(end=monster("@@")).encode().replace(b"@@", b"caf\xe9 \xc3\xa9 \xff\xfe"))
document("surrogates", lambda: feed(items=monster("\ud800\udfff \udc80")))
document(
    "overlong",
    lambda: FEED.replace(
        b"</channel>", b"<x>\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf\xf8\x88\x80\x80\x80</x></channel>"
    ),
)
document("boms", lambda: b"\xef\xbb\xbf" * 10_000 + FEED)
document("bom_inside", lambda: feed(items=monster("\ufeff" * 10_000)))

document("nul", lambda: feed(items=monster("a\0b")))
document(
    "nul_everywhere",
    lambda: b"\0".join(FEED[n : n + 50] for n in range(0, len(FEED), 50)),
    "broken",
    "not_a_feed",
)
document("nul_first", lambda: b"\0\0\0" + FEED)
document(
    "ctrl", lambda: feed(items=monster("".join(map(chr, range(1, 32))).replace("<", "") + "\x7f\x85\x1b[31m"))
)
document(
    "ctrl_ent",
    lambda: feed(
        items=monster("&#xD800; &#0; &#x1b; &#xFFFE; &#x110000; &#99999999999999999999; &#-5; &#xZ;")
    ),
)
document("ctrl_title", lambda: feed(items=monster("x").replace("Monster", "\x1b]0;owned\x07\x1b[2J")))
document("noncharacters", lambda: feed(items=monster("\ufffe\uffff\U0001ffff\U0010fffe")))
document("bidi", lambda: feed(items=monster("\u202e\u2066\u200f" * 10_000)))
document("combining", lambda: feed(items=monster("a" + "\u0301" * 200_000)))
document("zalgo_title", lambda: feed(items=monster("x").replace("Monster", "a\u0301\u0327" * 50_000)))
document("emoji", lambda: feed(items=monster("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 30_000)))
document("ligature_expands", lambda: feed(items=monster("\ufdfa" * 200_000)), slow=True)
document("xml11", lambda: feed(start="<?xml version='1.1'?>", items=monster("\x85\u2028")))
document("xml99", lambda: feed(start="<?xml version='9.9' standalone='maybe'?>"))
document("no_declaration", lambda: feed(start=""))
document("junk_before", lambda: "Warning: mysql_connect() in /var/www\n" + feed())
document("junk_after", lambda: feed() + "<!-- page generated --> <script>x</script>\0\0\0")
document("two_feeds", lambda: feed() + feed())
document("two_roots", lambda: feed(start="<a/>"))
document("wrong_case", lambda: feed().replace("<rss", "<RSS").replace("</rss", "</RSS"))
document(
    "prefix_everything",
    lambda: feed().replace(
        "<rss version='2.0'>", "<rss version='2.0' xmlns:a='u' xmlns='http://nowhere.test/'>"
    ),
)
document("guid_same", lambda: feed(items=monster("one") + monster("two")))
document("guid_path", lambda: feed(items=monster("x").replace(MORE, "../../../../etc/passwd")))
document("guid_sql", lambda: feed(items=monster("x").replace(MORE, "'; DROP TABLE entries; --")))
document(
    "script", lambda: feed(items=monster("<![CDATA[<script>alert(1)</script><img src=x onerror=alert(1)>]]>"))
)
