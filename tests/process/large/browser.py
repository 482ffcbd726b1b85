#!/usr/bin/python3
"""Headless Chromium: a local page with script, canvas, workers, images."""

import _paths  # noqa: F401
from harness import main, scenario

PAGE = """<!doctype html><title>page</title>
<canvas id=c width=300 height=200></canvas><pre id=out></pre>
<script>
const context = document.getElementById('c').getContext('2d');
for (let i = 0; i < 300; i++) {
  context.fillStyle = `hsl(${i}, 80%, 50%)`;
  context.fillRect(i, i % 200, 20, 20);
}
let text = '';
for (let i = 2048; i < 65536; i += 512) {
  const array = new Uint8Array(i).fill(i & 255);
  text += array.reduce((a, b) => (a * 31 + b) % 1000003, 7) + ' ';
}
const list = [];
for (let i = 0; i < 3000; i++) {
  const node = document.createElement('p');
  node.textContent = 'paragraph ' + i + ' ' + 'x'.repeat(i % 300);
  document.body.appendChild(node);
  list.push(JSON.stringify({i, text: node.textContent}));
}
document.getElementById('out').textContent =
  text + list.join('').length + ' ' + document.body.offsetHeight;
</script>"""


@scenario(timeout=120, own_malloc=True, reporters=["chromium"])
def dump_dom(run):
    page = run.write("page.html", PAGE)
    run.run("chromium", "--headless", "--no-sandbox", "--disable-gpu",
            "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
            "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-crash-reporter",
            "--user-data-dir=" + run.path("profile"), "--dump-dom",
            "file://" + page, compare="stdout")


if __name__ == "__main__":
    main("chromium")
