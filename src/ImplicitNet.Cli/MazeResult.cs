namespace ImplicitNet.Cli;

/// <summary>What predict prints under --json for a model that solves mazes.</summary>
internal sealed record MazeResult
{
    public required string Model { get; init; }

    public required IReadOnlyList<Maze> Mazes { get; init; }

    public required double Seconds { get; init; }

    /// <summary>Starts of every solve.</summary>
    public int Starts { get; init; } = 1;

    /// <summary>One maze. Where it could not be read there is an error, and nothing else but its path.</summary>
    /// <param name="Path">The file.</param>
    internal sealed record Maze(string Path)
    {
        /// <summary>Cells a side, a border that was added included.</summary>
        public int? Side { get; init; }

        /// <summary>Whether what was answered is a way from start to goal, and nothing else: looked up in the maze, not believed.</summary>
        public bool? IsPath { get; init; }

        /// <summary>Whether what was answered leads from start to goal, whatever else there is.</summary>
        public bool? IsConnected { get; init; }

        /// <summary>Whether there is a way from start to goal at all, by a search.</summary>
        public bool? HasWay { get; init; }

        /// <summary>Cells that were answered as on the path.</summary>
        public int? Cells { get; init; }

        /// <summary>The way that was answered from start to goal, as row and column, from 0; empty where there is none.</summary>
        public IReadOnlyList<int[]> Way { get; init; } = [];

        /// <summary>Loops of the maze: a model is trained on mazes without.</summary>
        public int? Loops { get; init; }

        /// <summary>How the solve ended.</summary>
        public string? Status { get; init; }

        public int? Steps { get; init; }

        public double? Residual { get; init => field = FiniteNumber.OrNull(value); }

        /// <summary>The network's probability of its answer at the open pixel that it is the least sure of, 0.5 to 1.</summary>
        public double? LeastProbability { get; init => field = FiniteNumber.OrNull(value); }

        /// <summary>
        /// Of several starts, each of which solves the maze turned or mirrored in another way, those that come to the answer; null for one
        /// start. They count however their solves ended, unless that was in NaN or infinity.
        /// </summary>
        public int? AgreeingStarts { get; init; }

        /// <summary>Where it was drawn; null where it was not.</summary>
        public string? Output { get; init; }

        /// <summary>Why nothing was solved; null where something was.</summary>
        public string? Error { get; init; }
    }
}
