namespace ImplicitNet.Cli;

/// <summary>What predict prints under --json of a network with a flow. Its names are an interface: they stay.</summary>
internal sealed record FlowPrediction
{
    public string Model { get; init; } = "";

    /// <summary>The file that was forecast from; null where there is none.</summary>
    public string? File { get; init; }

    public IReadOnlyList<string> Columns { get; init; } = [];

    public IReadOnlyList<Forecast> Series { get; init; } = [];

    /// <summary>The picture that was drawn; null: none.</summary>
    public string? Picture { get; init; }

    /// <summary>Flows of a picture of the plane by how they ended; those that failed are not in it. Empty for a forecast.</summary>
    public IReadOnlyDictionary<string, long> Statuses { get; init; } = new Dictionary<string, long>();

    /// <summary>The forecast of one series.</summary>
    internal sealed record Forecast
    {
        public string Name { get; init; } = "";

        /// <summary>The time of the row that it begins from: the last in which nothing is missing.</summary>
        public double From { get; init; }

        /// <summary>Rows of the file behind it, which have empty cells and are not used.</summary>
        public int Unused { get; init; }

        public IReadOnlyList<ForecastRow> Rows { get; init; } = [];

        /// <summary>How the flow ended.</summary>
        public string Status { get; init; } = "";
    }

    /// <summary>What is forecast for a time; null where the flow did not come so far.</summary>
    internal sealed record ForecastRow
    {
        public double Time { get; init; }

        public IReadOnlyList<double?> Values { get; init; } = [];
    }
}
