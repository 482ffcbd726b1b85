#!/usr/bin/python3
"""ffmpeg encoding generated input; ghostscript drawing pages."""

import hashlib

from harness import main, scenario

PAGES = """%!PS
/Helvetica findfont 24 scalefont setfont
1 1 3 {
  /page exch def
  0 1 200 { /i exch def
    newpath i 3 mul page 20 mul moveto
    i 7 mul 300 mod i 11 mul 700 mod 200 i page 90 mul 500 curveto
    i 200 div page 3 div 0.4 setrgbcolor stroke } for
  0 1 20 { /i exch def
    50 700 i 30 mul sub moveto 0 setgray
    (Some words on a page, line ) show i 10 string cvs show } for
  gsave 300 300 translate 200 200 scale
  100 100 8 [100 0 0 100 0 0]
  { 100 string dup 0 1 99 { dup page mul 255 and put dup } for pop } image
  grestore
  showpage
} for
"""


def _digest(out):
    return len(out), hashlib.sha256(out).hexdigest()


def _ffmpeg(run, *argv):
    run.run("ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i",
            "testsrc2=size=320x240:rate=25:duration=2", "-f", "lavfi", "-i",
            "sine=frequency=440:duration=2", *argv, "-f", "framemd5", "-")


@scenario(band=True, reporters=["ffmpeg"], text=True)
def ffmpeg(run):
    _ffmpeg(run, "-flags", "bitexact", "-threads", "2", "-c:v", "mpeg4",
            "-c:a", "aac")
    _ffmpeg(run, "-vf", "scale=640:360,boxblur=2,hue=h=40", "-c:v", "ffv1",
            "-threads", "2", "-c:a", "flac")
    # Status 1 with ffmpeg 5; 254, and an address in the message, with 7.
    run.run("ffmpeg", "-nostdin", "-v", "error", "-i", "missing.mp4", "-f",
            "null", "-", status=None, compare="stdout")


@scenario(band=True, reporters=["gs"], text=True)
def ghostscript(run):
    run.write("pages.ps", PAGES)
    for device, name in (("png16m", "a%d.png"), ("jpeg", "b%d.jpg"),
                         ("pgmraw", "c%d.pgm")):
        run.run("gs", "-q", "-dBATCH", "-dNOPAUSE", "-dSAFER", "-r72",
                "-sDEVICE=" + device, "-sOutputFile=" + name, "pages.ps")
        with open(run.path(name % 2), "rb") as file:
            run.note(name, _digest(file.read()))
    run.run("gs", "-q", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite",
            "-sOutputFile=pages.pdf", "pages.ps")
    run.run("gs", "-q", "-dBATCH", "-dNOPAUSE", "-r50", "-sDEVICE=ppmraw",
            "-sOutputFile=-", "pages.pdf", show=_digest)
    run.run("gs", "-q", "-dBATCH", "-c", "nonsense", status=1)


if __name__ == "__main__":
    main("ffmpeg", "gs")
