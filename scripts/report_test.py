"""Looks at reports in a browser: `report_test.py ATTENT FOLDER`, the folder being what scripts/report-test made.

Every check prints one line; the last line is `figure report-test.passed N`.
"""

import pathlib
import subprocess
import sys
import urllib.request

import browser

DESKTOP, PHONE = 1100, 390
passed = 0


def check(name, holds, found=""):
    global passed
    if not holds:
        sys.exit(f"report-test: {name}: found {found}")
    passed += 1
    print(f"  ok  {name}")


# The first words of a page must be the verdict, and its numbers must be in sight without scrolling.
ORDER = """[...document.querySelectorAll('h1, .verdict, .tiles, table, figure, .examples, .facts')]
    .map(part => part.className || part.tagName).filter((name, index, all) => all.indexOf(name) === index).join(' ')"""
HIDDEN_TEXT = """[...document.querySelectorAll('svg text')].filter(text => {
    const box = text.getBoundingClientRect(), frame = text.closest('svg').parentElement.getBoundingClientRect();
    return box.left < frame.left - 8 || box.right > frame.right + 8 }).map(text => text.textContent).join(' | ')"""
OVERLAPS = """[...document.querySelectorAll('figure > svg')].filter(svg => {
    const ticks = [...svg.querySelectorAll('text.tick.mid')].map(text => text.getBoundingClientRect());
    return ticks.some((one, index) => ticks.slice(index + 1).some(other => one.top < other.bottom
        && other.top < one.bottom && one.left < other.right && other.left < one.right)) }).length"""
CONTRAST = """(() => {
    const light = color => color.match(/[0-9.]+/g).slice(0, 3).map(Number).map(value => value / 255)
        .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = light(getComputedStyle(document.body).backgroundColor);
    return Math.min(...[...document.querySelectorAll('.verdict, .other, .note, td, th, figcaption, small, svg text')]
        .map(part => getComputedStyle(part)).map(style => light(style.fill !== 'rgb(0, 0, 0)' ? style.fill : style.color))
        .map(ink => (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05))) })()"""


def look(page, path, name, out):
    """A page in every dress."""
    url = path.resolve().as_uri()
    for dress, width, dark, scripts in [("desktop", DESKTOP, False, True), ("phone", PHONE, False, True),
                                        ("dark", DESKTOP, True, True), ("no-script", PHONE, False, False)]:
        page.open(url, width=width, dark=dark, scripts=scripts)
        check(f"{name}, {dress}: nothing else is asked for", page.requests() == [url], page.requests())
        check(f"{name}, {dress}: the console is silent", not page.complaints(), page.complaints())
        page.call("Emulation.setScriptExecutionDisabled", value=False)
        reach = page.evaluate("document.documentElement.scrollWidth")
        check(f"{name}, {dress}: nothing is wider than the window", reach <= width, reach)
        hidden = page.evaluate(HIDDEN_TEXT)
        check(f"{name}, {dress}: the charts' words stay in their frames", not hidden, hidden)
        check(f"{name}, {dress}: no two labels of an axis overlap", page.evaluate(OVERLAPS) == 0)
        contrast = page.evaluate(CONTRAST)
        check(f"{name}, {dress}: text stands out (4.5 : 1)", contrast >= 4.5, contrast)
        page.screenshot(f"{out}/{name}-{dress}.png")
    order = page.evaluate(ORDER)
    check(f"{name}: title and verdict come first", order.startswith("H1 verdict"), order)


def look_at_parts(page, out):
    """What each kind of page must have."""
    texts = {}
    for name in ("comparison", "time-to-quality", "text"):
        page.open((out / name / "report.html").resolve().as_uri())
        texts[name] = page.evaluate("document.body.innerText")
    for part in ("against training time", "Training loss", "Share of the examples", "Interval", "Scores of the examples",
                 "Where the time went", "Taught most", "Taught least", "Machine", "Recipe", "95 % interval"):
        check(f"comparison: has '{part}'", part in texts["comparison"].replace("\u00a0", " "))
    check("time-to-quality: says what is saved", "of the time at equal quality" in texts["time-to-quality"]
          or "saves no time" in texts["time-to-quality"])
    page.open((out / "comparison" / "report.html").resolve().as_uri())
    check("comparison: pictures are drawn", page.evaluate(
        "[...document.images].length > 8 && [...document.images].every(image => image.naturalWidth > 0)"))
    page.open((out / "text" / "report.html").resolve().as_uri())
    check("text: texts of examples are shown", page.evaluate("document.querySelectorAll('.examples .text p').length") > 8)


def look_live(page, attent, out):
    """The served page follows a run, with scripts and without."""
    server = subprocess.Popen([attent, "report", str(out / "text"), "--serve", "--quiet"], stderr=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, text=True)
    try:
        url = server.stderr.readline().split()[1]
        page.open(url)
        check("live: the page is served", "exact" in page.evaluate("document.body.innerText")
              or "accuracy" in page.evaluate("document.body.innerText"))
        check("live: nothing but the page is asked for", set(page.requests()) <= {url}, page.requests())
        log = out / "text" / "metrics.jsonl"
        whole = log.read_text()
        log.write_text("".join(line for line in whole.splitlines(True) if '"event":"end"' not in line))
        follow = "new Promise(done => { const look = () => document.body.innerText.includes('of its budget') " \
            "? done(true) : setTimeout(look, 100); look(); setTimeout(() => done(false), 15000) })"
        check("live: the page follows by itself", page.evaluate(follow))
        log.write_text(whole)
        check("live: the script ran under the policy", not page.complaints(), page.complaints())
        answer = urllib.request.urlopen(url).read().decode()
        check("live: without scripts the page loads itself again", '<noscript><meta http-equiv="refresh"' in answer)
    finally:
        server.terminate()
        server.wait()


def main():
    attent, out = sys.argv[1], pathlib.Path(sys.argv[2])
    path = browser.find()
    if not path:
        print("report-test: skipped: none of " + ", ".join(browser.NAMES) + " is installed")
        return
    with browser.Browser(path) as page:
        for name in ("comparison", "time-to-quality", "text"):
            look(page, out / name / "report.html", name, out)
        look_at_parts(page, out)
        look_live(page, attent, out)
    print(f"screenshots {out}/*.png")
    print(f"figure report-test.passed {passed}")


main()
