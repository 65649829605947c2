using ImplicitNet.Reports.Drawing;

namespace ImplicitNet.Reports;

/// <summary>The look of a report, for light and dark screens and for paper.</summary>
internal static class ReportStyle
{
    /// <summary>The style sheet.</summary>
    public static string Css { get; } = Page + ChartRules();

    private const string Page = """
        :root { color-scheme: light dark;
          --page: #f6f7f9; --card: #ffffff; --text: #1f2937; --faint: #6b7280; --line: #e5e7eb; --accent: #0b6bcb;
          --shade: rgb(0 0 0 / .28); --wrong: #c02626; }
        @media (prefers-color-scheme: dark) {
          :root { --page: #0f1216; --card: #171b21; --text: #e5e7eb; --faint: #9ca3af; --line: #2b313a; --accent: #5aa9f5;
            --shade: rgb(255 255 255 / .3); --wrong: #f87171; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--text); line-height: 1.55;
          font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; }
        main { max-width: 1240px; margin: 0 auto; padding: clamp(1.25rem, 4vw, 2.5rem) clamp(1rem, 4vw, 1.5rem) 4rem; }
        h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .75rem; border-left: .3rem solid var(--accent); padding-left: .8rem; }
        h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
        p { margin: 0 0 .75rem; max-width: 46rem; white-space: pre-line; overflow-wrap: anywhere; }
        .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1rem; margin: 1.75rem 0 0; }
        .figures div, .table, figure { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
        .figures div { padding: .9rem 1.1rem; }
        dt { color: var(--faint); font-size: .85rem; }
        dd { margin: 0; }
        dd.value { font-size: 1.65rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
        dd.note { color: var(--faint); font-size: .8rem; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1rem; }
        figure { margin: 0; padding: .75rem; overflow: hidden; }
        figure svg { display: block; width: 100%; height: auto; margin: 0 auto; }
        figure svg.wide { max-width: 40rem; }
        figure svg.narrow { display: none; max-width: 27rem; }
        .broad { grid-column: 1 / -1; }
        .broad svg.wide { max-width: none; }
        @media (max-width: 34rem) { figure svg.wide { display: none; } figure svg.narrow { display: block; } }
        @media (max-width: 56rem) { .broad svg.wide { display: none; } .broad svg.narrow { display: block; } }
        figure.animation { margin-top: 1rem; max-width: 31.5rem; }
        figure.animation img { display: block; max-width: 100%; height: auto; }
        figcaption { color: var(--faint); font-size: .8rem; padding: .5rem .5rem 0; }
        .pictures { list-style: none; margin: 0; padding: 0; display: grid; gap: .75rem;
          grid-template-columns: repeat(auto-fill, minmax(8.4rem, 1fr)); }
        .pictures li { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .6rem; font-size: .78rem;
          color: var(--faint); line-height: 1.4; break-inside: avoid; }
        .pictures li.wrong { border-color: var(--wrong); }
        .pictures img { display: block; width: 5.25rem; margin-bottom: .4rem; image-rendering: pixelated; }
        .pictures span { display: block; }
        .pictures img + span { color: var(--text); font-weight: 600; font-size: .88rem; }
        .pictures .wrong img + span { color: var(--wrong); }
        .table { overflow-x: auto; margin-bottom: 1rem; scrollbar-width: thin;
          background:
            linear-gradient(to left, var(--card) 40%, transparent) right / 3rem 100% local no-repeat,
            linear-gradient(to left, var(--shade), transparent) right / 1.4rem 100% scroll no-repeat,
            var(--card); }
        .table:focus-visible { outline: 2px solid var(--accent); }
        table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .92rem; }
        th, td { padding: .5rem .65rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
        th { color: var(--faint); font-weight: 600; vertical-align: bottom; line-height: 1.3; }
        td { overflow-wrap: break-word; }
        td:nth-child(2):last-child { overflow-wrap: anywhere; }
        table:has(th:nth-child(11)) { font-size: .8rem; }
        table:has(th:nth-child(11)) :is(th, td) { padding: .45rem .4rem; }
        th:first-child, td:first-child { position: sticky; left: 0; background: var(--card); padding-left: .9rem; }
        tbody tr:last-child td { border-bottom: 0; }
        .number { text-align: right; font-variant-numeric: tabular-nums; }
        td.number { white-space: nowrap; }
        @media print {
          :root { --page: #ffffff; --card: #ffffff; --text: #000000; --faint: #555555; --line: #cccccc; --accent: #0b6bcb;
            --wrong: #c02626; }
          main { max-width: none; padding: 0; }
          .table { overflow: visible; background: none; }
          figure, .figures div, tr { break-inside: avoid; }
        }
        """;

    private static string ChartRules() => $"\n@media screen and (prefers-color-scheme: dark) {{ {ChartTheme.Dark.Css()} }}";
}
