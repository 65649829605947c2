using System.Text.Json.Serialization;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Models;

/// <summary>The description of an implicit network, which finds a fixed point, without its weights.</summary>
public abstract record ImplicitNetworkOptions : NetworkOptions
{
    /// <summary>The most layers or blocks of one kind.</summary>
    private protected const int MostLayers = 256;

    /// <summary>The most channels of an input or a latent.</summary>
    private protected const int MostChannels = 4096;

    /// <summary>Place in the file of what stands behind the sizes.</summary>
    private protected const int Behind = 1;

    private protected ImplicitNetworkOptions()
    {
    }

    /// <summary>How its fixed points are found where nobody chose: a name of <see cref="SolverChoice"/>.</summary>
    [JsonIgnore]
    internal virtual string DefaultSolver => SolverChoice.Default;

    /// <summary>When the solves of such a network stop, but for tolerances and limit.</summary>
    [JsonIgnore]
    internal abstract StoppingRule Rule { get; }

    /// <summary>
    /// True for the explicit twin <c>S(R(0, Q(d)))</c>, the same layers with R applied once; default false. See
    /// <see cref="ExplicitOperator"/>.
    /// </summary>
    [JsonPropertyOrder(Behind)]
    public bool Explicit { get; init; }

    /// <inheritdoc/>
    public abstract override ImplicitNetwork CreateNetwork();

    /// <summary>The numbers of a square convolution without bias.</summary>
    private protected static long Convolution(long inputs, long outputs, int side = 3) => inputs * outputs * side * side;

    /// <summary>Joins the three parts, R in the form asked for, with a relative tolerance of 1e-3.</summary>
    internal ImplicitNetwork Join(nn.Module<Tensor, Tensor> encoder, LatentOperator latentOperator, nn.Module<Tensor, Tensor> readout) =>
        Join(encoder, [latentOperator], readout);

    /// <summary>As the other; the explicit twin has as many layers as there are operators, the implicit network takes the first.</summary>
    internal ImplicitNetwork Join(
        nn.Module<Tensor, Tensor> encoder, IReadOnlyList<LatentOperator> operators, nn.Module<Tensor, Tensor> readout) =>
        new(encoder, Explicit ? new ExplicitOperator(operators[0], [.. operators.Skip(1)]) : operators[0], readout)
        {
            Stopping = Rule with { RelativeTolerance = 1e-3 },
        };
}
