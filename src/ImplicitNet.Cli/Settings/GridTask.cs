using ImplicitNet.Training.Data;

namespace ImplicitNet.Cli.Settings;

/// <summary>What is drawn of any size, for networks that answer every cell. A further one is one more record here.</summary>
internal sealed record GridTask
{
    // Small sizes converge in far fewer, but for the last few samples of a thousand.
    private const int LeastSteps = 500;

    /// <summary>By name.</summary>
    public static IReadOnlyList<GridTask> All { get; } =
    [
        new()
        {
            Name = "mazes",
            Noun = "mazes",
            Solver = "maze solver",
            Sizes = "N must be the number of pixels a side, odd and from 5 to 1001",
            Has = size => size is >= 5 and <= 1001 && size % 2 == 1,
            StepLimit = side => Math.Max(side * side, LeastSteps),
            Cells = side => side * side,
            Dimensions = 2,
            InputChannels = 3,
            Batch = 48,
            Samples = 400 * 48,
            Epochs = 6,
            Damping = 0.8,
            Symmetries = SquareSymmetry.All,
            TrainSteps = side => (int)Math.Ceiling(3.3 * side),
            Source = (side, count, batch, seed, part, isFresh) =>
                new Training.Data.Mazes(side, count, batch, seed) { Part = part, IsFreshEveryEpoch = isFresh },
        },
        new()
        {
            Name = "sums",
            Noun = "strings",
            Solver = "network for sums of bits",
            Sizes = "N must be the number of bits, from 2 to 1000000",
            Has = size => size is >= 2 and <= 1_000_000,
            StepLimit = bits => Math.Max(4 * bits, LeastSteps),
            Cells = bits => bits,
            Dimensions = 1,
            InputChannels = 1,
            Batch = 128,
            Samples = 200 * 128,
            Epochs = 8,
            TrainSteps = bits => bits + 2,
            Source = (bits, count, batch, seed, part, isFresh) =>
                new PrefixSums(bits, count, batch, seed) { Part = part, IsFreshEveryEpoch = isFresh },
        },
    ];

    /// <summary>Mazes.</summary>
    public static GridTask Mazes => All[0];

    /// <summary>"mazes".</summary>
    public required string Name { get; init; }

    /// <summary>What samples are called, in the plural.</summary>
    public required string Noun { get; init; }

    /// <summary>What a network for them is called.</summary>
    public required string Solver { get; init; }

    /// <summary>"mazes:N".</summary>
    public string Form => $"{Name}:N";

    /// <summary>Which sizes there are, for messages.</summary>
    public required string Sizes { get; init; }

    /// <summary>Whether there is a size.</summary>
    public required Func<int, bool> Has { get; init; }

    /// <summary>
    /// The steps that a solve of a size may take: a front that goes from cell to cell has to pass a whole string, and in a maze at worst
    /// every open pixel, half of all, there and back.
    /// </summary>
    public required Func<int, int> StepLimit { get; init; }

    /// <summary>The cells that an answer of a size has.</summary>
    public required Func<int, int> Cells { get; init; }

    /// <summary>1 for strings, 2 for grids.</summary>
    public required int Dimensions { get; init; }

    /// <summary>Channels of the input.</summary>
    public required int InputChannels { get; init; }

    /// <summary>Samples in a batch of a training, where nobody says otherwise.</summary>
    public required int Batch { get; init; }

    /// <summary>Samples of an epoch of a training, where nobody says otherwise.</summary>
    public required int Samples { get; init; }

    /// <summary>Epochs of a training, where nobody says otherwise.</summary>
    public required int Epochs { get; init; }

    /// <summary>
    /// Share of the full step that solves take, where nobody says otherwise; default 1. Undamped, those of large mazes run in circles.
    /// </summary>
    public double Damping { get; init; } = 1;

    /// <summary>
    /// Ways to turn an input round that turn its answer round with it, the first of which leaves it as it is; default: that one alone. A
    /// string read backwards has other sums.
    /// </summary>
    public IReadOnlyList<SquareSymmetry> Symmetries { get; init; } = [default];

    /// <summary>Steps of a training solve of a size, where nobody says otherwise.</summary>
    public required Func<int, int> TrainSteps { get; init; }

    /// <summary>Makes the samples of a size: their number, those in a batch, a seed, their part, whether each epoch has new ones.</summary>
    public required Func<int, int, int, long, DataPart, bool, GeneratedBatches> Source { get; init; }
}
