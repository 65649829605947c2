using System.Globalization;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// Rigorous upper bounds of how far the outputs of an implicit network <c>S(u*)</c>, <c>u* = R(u*, Q(d))</c>, move with its data in L2: of
/// Q, of u* in q, of S, and of each difference of two outputs; or the part that has none, by name.
/// </summary>
/// <remarks>
/// The whole is <c>L_S L_R L_Q</c>, L_R being <c>1 / (1 - gamma)</c> of a contraction by gamma and <c>1 / m</c> of a monotone operator. The
/// difference of outputs i and j moves by at most the root of 2 times as much; where S ends in a linear layer with rows s, by
/// <c>||s_i - s_j||</c> times the bound of all before it, which is less (Tsuzuku, Sato and Sugiyama, NeurIPS 2018). It is that of the
/// weights as they were when it was made. Costs decompositions in float64, some seconds for networks of images, and no evaluation.
/// </remarks>
public sealed class NetworkBound
{
    // Covers the rounding of products of a few numbers in float64.
    private const double Rounding = 1 + 1e-14;

    private readonly double[][]? _differences;

    private NetworkBound(
        LipschitzBound encoder, LipschitzBound latent, LipschitzBound readout, LipschitzBound? before, double[][]? differences)
    {
        Parts = [encoder, latent, readout];
        if (Parts.FirstOrDefault(part => part.Value is null) is { } missing)
        {
            Reason = missing.Reason!.Contains(" has no bound: ", StringComparison.Ordinal)
                ? missing.Reason
                : $"{missing.Name} has no bound: {missing.Reason}";
            return;
        }

        Value = Parts.Aggregate(Rounding, (product, part) => product * part.Value!.Value);
        if (!double.IsFinite(Value.Value))
        {
            (Value, Reason) = (null, "The product of the bounds is beyond the largest number.");
            return;
        }

        (_differences, BeforeRows) = (differences, before?.Value ?? readout.Value!.Value);
    }

    /// <summary>Of the encoder, of the operator (how far u* moves for each unit of q), and of the readout.</summary>
    public IReadOnlyList<LipschitzBound> Parts { get; }

    /// <summary>The bound of the whole network, from data to all outputs: finite, at least 0; null where there is none.</summary>
    public double? Value { get; }

    /// <summary>Why there is no bound, naming the part; null where there is one.</summary>
    public string? Reason { get; }

    /// <summary>True if it rests on what a module or an operator from outside this library states: nothing has checked it.</summary>
    public bool IsStated => Parts.Any(part => part.IsStated);

    /// <summary>The largest factor of all: where a smaller one would gain most. Null where there is no bound.</summary>
    public LipschitzBound? Loosest => Value is null ? null : Parts.Select(part => part.Loosest!).MaxBy(factor => factor.Value);

    /// <summary>Of all of the readout before its last layer where that is linear, else of all of it.</summary>
    internal double BeforeRows { get; }

    /// <summary>Bounds a network as its weights are now.</summary>
    /// <param name="network">In evaluation mode.</param>
    /// <param name="inputShape">
    /// Of one sample of the data without its batch, such as [channels, height, width]. Default: a bound for all sizes.
    /// </param>
    /// <returns>A bound without a value where a part has none.</returns>
    /// <exception cref="InvalidOperationException">The network is in training mode.</exception>
    public static NetworkBound Of(ImplicitNetwork network, IReadOnlyList<long>? inputShape = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (network.training)
        {
            throw new InvalidOperationException("A network is certified in evaluation mode: call eval() first.");
        }

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        LipschitzBound encoder = LipschitzBound.Of("encoder", network.Encoder, inputShape is null ? null : [.. inputShape]);
        LipschitzBound latent = LatentBound.Of(network.Layer.Operator, encoder.OutputShape, "latent.operator");
        long[]? shape = encoder.OutputShape;
        LipschitzBound readout = LipschitzBound.Of("readout", network.Readout, shape);
        (string, nn.Module)[] parts = LipschitzBound.PartsOf(network.Readout) is { } several and not []
            && network.Readout is not IModuleSequence { PassesInput: true }
            ? [.. several]
            : [("", network.Readout)];
        return readout.Value is null || LayerRules.RowsOf(parts[^1].Item2) is not { } rows
            ? new NetworkBound(encoder, latent, readout, null, null)
            : new NetworkBound(
                encoder, latent, readout, LipschitzBound.OfParts("readout", "", parts[..^1], shape), DifferencesOf(rows));
    }

    /// <summary>The bounds of all parts, a line for each, or the reason why there is none.</summary>
    public override string ToString() => Value is not { } value ? Reason! : string.Create(
        CultureInfo.InvariantCulture,
        $"{value:g4}{(IsStated ? " (stated in part)" : "")} = "
            + $"{string.Join(" x ", Parts.Select(part => $"{part.Value:g4} ({part.Name})"))}; the largest factor is {Loosest}");

    /// <summary>
    /// How far the difference of outputs c and j moves at most, for every j, for each unit of what the last layer takes, or of the outputs
    /// where it is not linear.
    /// </summary>
    internal double[] Differences(int c, int classes) => _differences?.Length == classes
        ? _differences[c]
        : [.. Enumerable.Repeat(Math.Sqrt(2) * Rounding, classes)];

    private static double[][] DifferencesOf(Tensor rows)
    {
        double[][] lengths = new double[rows.shape[0]][];
        for (int row = 0; row < lengths.Length; row++)
        {
            using DisposeScope scope = NewDisposeScope();
            lengths[row] = [.. linalg.vector_norm((rows - rows[row]) * (1 + 1e-11), 2, [1]).data<double>()];
        }

        return lengths;
    }
}
