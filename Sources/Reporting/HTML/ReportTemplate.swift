/// The report's page and style. Double braces escape what they insert; triple braces hold the style and the charts,
/// which are made by this module and escaped there.
enum ReportTemplate {
    static let page = document(
        """
        <header>
        <h1>{{title}}</h1>
        <p class="verdict">{{headline}}</p>
        {{#others}}<p class="other">{{.}}</p>
        {{/others}}
        {{#hasTiles}}<ul class="tiles">
        {{#tiles}}<li><strong>{{value}}</strong> <span>{{name}}</span> <small>{{note}}</small></li>
        {{/tiles}}
        </ul>{{/hasTiles}}
        </header>
        {{#hasRows}}<section>
        <h2>Results</h2>
        <div class="scroll">
        <table>
        <thead><tr>{{#heads}}<th scope="col">{{.}}</th>{{/heads}}</tr></thead>
        <tbody>
        {{#rows}}<tr><th scope="row"><span class="swatch c{{color}}"></span>{{policy}}</th>
        {{#cells}}<td>{{.}}</td>{{/cells}}</tr>
        {{/rows}}
        </tbody>
        </table>
        </div>
        <p class="note">{{caption}}</p>
        </section>{{/hasRows}}
        {{#hasFigures}}<section>
        <h2>Charts</h2>
        <p class="note">{{chartNote}}</p>
        <div class="charts">
        {{#figures}}
        <figure>
        <figcaption>{{title}}</figcaption>
        <ul class="legend">{{#legend}}<li><span class="{{swatch}} c{{color}}"></span>{{name}}</li>{{/legend}}</ul>
        {{{svg}}}
        <p class="note">{{note}}</p>
        </figure>
        {{/figures}}
        </div>
        </section>{{/hasFigures}}
        {{#galleries}}<section>
        <h2>Examples: {{title}}</h2>
        <p class="note">{{note}}</p>
        <div class="sides">
        {{#sides}}<div>
        <h3>{{title}}</h3>
        <ul class="examples">
        {{#examples}}{{#isText}}<li class="text"><p>{{text}}</p><small>{{count}} · {{number}}</small></li>
        {{/isText}}{{^isText}}<li><img src="{{picture}}" alt="{{number}}: {{text}}"/>{{text}}<small>{{count}}</small></li>
        {{/isText}}{{/examples}}
        </ul>
        </div>
        {{/sides}}
        </div>
        </section>
        {{/galleries}}
        <section class="facts">
        <h2>Machine</h2>
        <pre>{{machine}}</pre>
        <details>
        <summary>Recipe</summary>
        <pre>{{recipe}}</pre>
        </details>
        </section>
        """)

    /// A page around the content of its `<main>`; takes `title` and `style`.
    static func document(_ content: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{{title}} · AtteNT</title>
        {{{refresh}}}
        <style>{{{style}}}</style>
        </head>
        <body>
        <main>
        \(content)
        </main>
        {{{script}}}
        </body>
        </html>

        """
    }

    /// Line colours follow Okabe and Ito's palette, told apart with every common colour blindness, darkened on light
    /// ground for contrast; the baseline is grey, and from the fifth line on colours return dashed.
    static let style = """
        :root {
          --ground: #ffffff; --ink: #1a1d21; --muted: #5a626c; --rule: #e2e5e9; --panel: #f6f7f9;
          --c0: #767d86; --c1: #0072b2; --c2: #d55e00; --c3: #00855f; --c4: #b5558a;
          --p1: #0072b2; --p2: #56a5d8; --p3: #a9cfe8; --p4: #00855f; --p5: #d55e00; --p6: #f0a35e; --p7: #b9bec5;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #14171a; --ink: #e8eaed; --muted: #a2aab4; --rule: #2d3238; --panel: #1c2024;
            --c0: #9aa2ac; --c1: #56b4e9; --c2: #f08a3c; --c3: #2fc296; --c4: #e094bf;
            --p1: #3d9bd6; --p2: #2b6f9c; --p3: #1e4d6c; --p4: #1f9c78; --p5: #f08a3c; --p6: #b5622a; --p7: #565e67;
          }
        }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; }
        body {
          margin: 0; background: var(--ground); color: var(--ink);
          font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
        }
        main { max-width: 62rem; margin: 0 auto; padding: 2.5rem 1.25rem 4rem; }
        h1 { font-size: 1rem; font-weight: 600; color: var(--muted); margin: 0 0 .75rem; }
        h2 { font-size: 1.05rem; font-weight: 600; margin: 2.75rem 0 .75rem; }
        .verdict { font-size: clamp(1.25rem, 1rem + 1.4vw, 1.75rem); line-height: 1.35; margin: 0; text-wrap: pretty; }
        .other { color: var(--muted); margin: .75rem 0 0; max-width: 46rem; }
        .tiles { list-style: none; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr));
          gap: .75rem; margin: 1.5rem 0 0; padding: 0; }
        .tiles li { background: var(--panel); border-radius: 8px; padding: .8rem 1rem; display: flex;
          flex-direction: column; }
        .tiles strong { font-size: 1.6rem; font-weight: 600; line-height: 1.2; font-variant-numeric: tabular-nums; }
        .tiles span { font-size: .875rem; }
        small { font-size: .75rem; color: var(--muted); }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { padding: .5rem .75rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); }
        th:first-child { text-align: left; padding-left: 0; }
        td:last-child, thead th:last-child { padding-right: 0; }
        thead th { font-size: .8125rem; font-weight: 500; color: var(--muted);
          white-space: normal; vertical-align: bottom; }
        tbody th { font-weight: 600; }
        .note { font-size: .8125rem; color: var(--muted); margin: .5rem 0 0; }
        .note:empty { display: none; }
        h2 + .note { margin: -.35rem 0 1.1rem; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr));
          gap: 2.25rem 2.5rem; }
        figure { margin: 0; min-width: 0; }
        figcaption { font-weight: 600; font-size: .9375rem; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1rem; margin: .25rem 0 .5rem; padding: 0;
          font-size: .8125rem; color: var(--muted); }
        .legend:empty { display: none; }
        .swatch { display: inline-block; width: 1.1em; height: 0; margin-right: .45em; vertical-align: .28em;
          border-top: 3px solid var(--color); }
        .swatch.part { width: .8em; height: .8em; border: 0; border-radius: 2px;
          background: var(--color); vertical-align: -.05em; }
        figure > svg { display: block; width: 100%; height: auto; overflow: visible; }
        svg text { font: 11px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
          fill: var(--muted); font-variant-numeric: tabular-nums; }
        svg .bar-name { fill: var(--ink); font-size: 12px; }
        svg .mid { text-anchor: middle; }
        svg .cell { fill: var(--ink); font-size: 13px; }
        svg .end { text-anchor: end; }
        svg .grid { stroke: var(--rule); stroke-width: 1; }
        svg .line { fill: none; stroke: var(--color); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
        svg .band { fill: var(--color); fill-opacity: .16; }
        svg .dot { fill: var(--color); }
        svg .part { fill: var(--color); stroke: var(--ground); stroke-width: 1; }
        .c0 { --color: var(--c0); }
        .c1, .c5 { --color: var(--c1); } .c2, .c6 { --color: var(--c2); }
        .c3, .c7 { --color: var(--c3); } .c4, .c8 { --color: var(--c4); }
        .part.c1 { --color: var(--p1); } .part.c2 { --color: var(--p2); } .part.c3 { --color: var(--p3); }
        .part.c4 { --color: var(--p4); } .part.c5 { --color: var(--p5); } .part.c6 { --color: var(--p6); }
        .part.c7 { --color: var(--p7); }
        .c5, .c6, .c7, .c8 { stroke-dasharray: 5 4; border-top-style: dashed; }
        .part { stroke-dasharray: none; }
        svg .ridge { fill: var(--ground); fill: color-mix(in srgb, var(--color) 16%, var(--ground)); stroke: var(--color); stroke-width: 1.5;
          stroke-linejoin: round; stroke-dasharray: none; }
        h3 { font-size: .9375rem; font-weight: 600; margin: 0 0 .5rem; }
        .sides { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr));
          gap: 1.5rem 2.5rem; }
        .examples { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem;
          grid-template-columns: repeat(auto-fill, minmax(5.5rem, 1fr)); font-size: .8125rem; line-height: 1.35; }
        .examples img { display: block; width: 100%; image-rendering: pixelated; border-radius: 4px;
          background: var(--panel); margin-bottom: .25rem; }
        .examples small { display: block; }
        .examples .text { grid-column: 1 / -1; background: var(--panel); border-radius: 6px; padding: .5rem .75rem; }
        .examples .text p { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 7em;
          overflow: auto; font: .8125rem/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        details { margin-top: 1.5rem; }
        summary { font-size: 1.05rem; font-weight: 600; cursor: pointer; margin-bottom: .75rem; }
        pre { margin: 0; padding: .9rem 1rem; background: var(--panel); border-radius: 6px;
          white-space: pre-wrap; overflow-wrap: anywhere;
          font: .8125rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
        @media (max-width: 40rem) {
          main { padding: 1.5rem 1rem 3rem; }
          th, td { padding: .45rem .3rem; font-size: .8125rem; white-space: normal; }
          thead th { font-size: .75rem; }
          tbody .swatch { display: block; margin-bottom: .2rem; }
        }
        @media print { figure { break-inside: avoid; } }
        """
}
