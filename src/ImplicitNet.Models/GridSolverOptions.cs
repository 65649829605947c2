using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>
/// Sizes of a <see cref="GridSolver"/>; strings and grids may have any size. The defaults are for mazes, 17,402 parameters; for sums,
/// 1 dimension and 1 input channel, 5,594.
/// </summary>
public sealed record GridSolverOptions : ImplicitNetworkOptions
{
    internal const string Name = "grid-solver";

    // Any side does to try a network on.
    private const int TrialSide = 9;

    /// <inheritdoc/>
    [JsonIgnore]
    public override string Architecture => Name;

    /// <summary>1 for strings, 2 for grids, the default.</summary>
    public int Dimensions { get; init => field = Within(value, 1, 2, nameof(Dimensions)); } = 2;

    /// <summary>Channels of the input; 1 to 4096; default 3: open, start and goal of a maze.</summary>
    public int InputChannels { get; init => field = Within(value, 1, MostChannels, nameof(InputChannels)); } = 3;

    /// <summary>Channels of the latent, C; 1 to 4096; default 24.</summary>
    public int LatentChannels { get; init => field = Within(value, 1, MostChannels, nameof(LatentChannels)); } = 24;

    /// <summary>Classes of a place; 2 to 4096; default 2.</summary>
    public int Classes { get; init => field = Within(value, 2, MostChannels, nameof(Classes)); } = 2;

    /// <summary>
    /// Layers of the explicit twin: R as often in a row, each time with weights of its own; 1 to 256; default 1. The implicit network has
    /// one R, whatever this is.
    /// </summary>
    public int ExplicitLayers { get; init => field = Within(value, 1, MostLayers, nameof(ExplicitLayers)); } = 1;

    /// <summary>The layers that are built.</summary>
    [JsonIgnore]
    internal int Layers => Explicit ? ExplicitLayers : 1;

    /// <inheritdoc/>
    [JsonIgnore]
    internal override long LeastNumbers
    {
        get
        {
            long channels = LatentChannels;
            return channels * ((2 * InputChannels) + ((1 + (2 * Layers)) * channels) + Classes) * (Dimensions == 1 ? 3 : 9);
        }
    }

    /// <inheritdoc/>
    [JsonIgnore]
    internal override StoppingRule Rule => new() { Stall = new LatentStall(), Returned = ReturnedIterate.Last };

    /// <inheritdoc/>
    public override ImplicitNetwork CreateNetwork() => GridSolver.Create(this);

    internal override Tensor TrialInput(Tensor like) => Dimensions == 1
        ? Wave(like, 1, InputChannels, TrialSide)
        : Wave(like, 1, InputChannels, TrialSide, TrialSide);
}
