namespace ImplicitNet.Reports;

/// <summary>The look of a report, for light and dark screens and for paper.</summary>
internal static class ReportStyle
{
    /// <summary>The style sheet.</summary>
    public const string Css = """
        :root { color-scheme: light dark;
          --page: #f6f7f9; --card: #ffffff; --text: #1f2937; --faint: #6b7280; --line: #e5e7eb; --accent: #0b6bcb; }
        @media (prefers-color-scheme: dark) {
          :root { --page: #0f1216; --card: #171b21; --text: #e5e7eb; --faint: #9ca3af; --line: #2b313a; --accent: #5aa9f5; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--text); line-height: 1.55;
          font-family: system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; }
        main { max-width: 1240px; margin: 0 auto; padding: 2.5rem 1.5rem 4rem; }
        h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .75rem; border-left: .3rem solid var(--accent); padding-left: .8rem; }
        h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
        p { margin: 0 0 .75rem; max-width: 46rem; white-space: pre-line; overflow-wrap: anywhere; }
        .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; margin: 1.75rem 0 0; }
        .figures div, .table, figure { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; }
        .figures div { padding: .9rem 1.1rem; }
        dt { color: var(--faint); font-size: .85rem; }
        dd { margin: 0; }
        dd.value { font-size: 1.65rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
        dd.note { color: var(--faint); font-size: .8rem; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(30rem, 100%), 1fr)); gap: 1rem; }
        figure { margin: 0; padding: .75rem; overflow: hidden; }
        figure img { display: block; width: 100%; height: auto; }
        figcaption { color: var(--faint); font-size: .8rem; padding: .5rem .5rem 0; }
        .table { overflow-x: auto; margin-bottom: 1rem; }
        table { border-collapse: collapse; width: 100%; font-size: .92rem; }
        th, td { padding: .5rem .9rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line);
          overflow-wrap: anywhere; }
        th { color: var(--faint); font-weight: 600; white-space: nowrap; }
        tbody tr:last-child td { border-bottom: 0; }
        .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        @media print {
          :root { --page: #ffffff; --card: #ffffff; --text: #000000; --faint: #555555; --line: #cccccc; --accent: #0b6bcb; }
          main { max-width: none; padding: 0; }
          figure, .figures div, tr { break-inside: avoid; }
        }
        """;
}
