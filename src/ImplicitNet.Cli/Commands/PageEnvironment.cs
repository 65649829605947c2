using ImplicitNet.Reports;
using ImplicitNet.Training.History;

namespace ImplicitNet.Cli.Commands;

/// <summary>The environment on a page of what trains nothing: the version is that of the program, under its own name.</summary>
internal static class PageEnvironment
{
    private const string Trainer = "ImplicitNet.Training";

    public static ReportSection Section() => new()
    {
        Heading = "Environment",
        Table = ReportTable.OfPairs([.. RunEnvironment.Describe()
            .Select(pair => pair.Key == Trainer ? new KeyValuePair<string, string>("ImplicitNet", pair.Value) : pair)]),
    };
}
