using System.Globalization;
using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Certification;

/// <summary>
/// For every sample of a batch a radius within which no change of its data, measured in L2, changes the class that an implicit network
/// answers: <c>min over j of (y_c - y_j) / L_cj</c>, L_cj how far that difference moves at most (<see cref="NetworkBound"/>).
/// </summary>
/// <remarks>
/// It speaks of the network itself, <c>S(u*)</c> with the fixed point u*, in real numbers. Outputs are computed at a u near u*, and are
/// rounded: from every margin is taken off what the distance of u from u*, as the solve's report bounds it, can have moved, and an
/// allowance for rounding. The first is rigorous. The second is no proof but a share of the sizes of what was computed, 64 roundings of the
/// dtype, a hundred times what is measured; in float64 it is nothing. Elsewhere than on the processor float32 is counted as TF32 where
/// torch's settings let products be computed in it.
/// <para>
/// So the class of the network itself is the same everywhere nearer than the radius. What is computed there may differ from it within the
/// tolerance of the solve there, which is what a tighter tolerance makes smaller.
/// </para>
/// <para>Sokolic, Giryes, Sapiro and Rodrigues (2017); Tsuzuku, Sato and Sugiyama (NeurIPS 2018); L2 alone.</para>
/// </remarks>
public sealed class RobustnessCertificate
{
    // Of rounding to the dtype, as a share of the size of what a part gives: a hundred times what networks of a few layers are off by.
    private const double RoundingShare = 64;

    // That of TF32, in which other devices may compute convolutions of float32.
    private static readonly double Tf32 = Math.ScaleB(1, -11);

    private RobustnessCertificate(NetworkBound bound, IReadOnlyList<SampleRadius> samples) => (Bound, Samples) = (bound, samples);

    /// <summary>The bounds that it rests on, or why there are none.</summary>
    public NetworkBound Bound { get; }

    /// <summary>One entry a sample, in the order of the batch.</summary>
    public IReadOnlyList<SampleRadius> Samples { get; }

    /// <summary>Certifies a batch.</summary>
    /// <param name="network">In evaluation mode. Solved by its own settings; a failed solve never throws here.</param>
    /// <param name="data">d: [batch, ...], in the dtype and on the device of the network; the caller keeps it.</param>
    /// <param name="inputScale">
    /// How far data move at most for each unit of length in which radii are given; above 0. Of pixels that are normalised by
    /// <c>(p - mean) / deviation</c>, 1 / deviation, for the smallest of the channels. Default 1: radii are in the units of the data.
    /// </param>
    /// <returns>Without a bound, every radius is 0.</returns>
    /// <exception cref="ArgumentException">The outputs are not [batch, classes].</exception>
    /// <exception cref="InvalidOperationException">The network is in training mode.</exception>
    public static RobustnessCertificate Of(ImplicitNetwork network, Tensor data, double inputScale = 1)
    {
        TensorCheck.EnsureBatch(data, nameof(data), "The data");
        return Of(NetworkBound.Of(network, data.shape[1..]), network, data, inputScale);
    }

    /// <summary>Certifies a further batch by bounds that are there.</summary>
    /// <param name="bound">Of this network, whose weights have not changed since.</param>
    /// <param name="network">As above.</param>
    /// <param name="data">As above.</param>
    /// <param name="inputScale">As above.</param>
    /// <returns>As above. Costs one evaluation of the network.</returns>
    /// <exception cref="ArgumentException">The outputs are not [batch, classes].</exception>
    public static RobustnessCertificate Of(NetworkBound bound, ImplicitNetwork network, Tensor data, double inputScale = 1)
    {
        ArgumentNullException.ThrowIfNull(bound);
        ArgumentNullException.ThrowIfNull(network);
        TensorCheck.EnsureBatch(data, nameof(data), "The data");
        if (inputScale is not (> 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(inputScale), inputScale, "The scale of inputs must be above 0 and finite.");
        }

        return TorchMessage.Guarded(() => new RobustnessCertificate(bound, Certified(bound, network, data, inputScale)));
    }

    /// <summary>The share of samples whose class is right and certified beyond a radius; NaN without a sample.</summary>
    /// <param name="classes">The right classes, one a sample.</param>
    /// <param name="radius">At least 0, in the units of the radii; at 0 the plain accuracy.</param>
    public double CertifiedAccuracy(IReadOnlyList<int> classes, double radius)
    {
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentOutOfRangeException.ThrowIfNotEqual(classes.Count, Samples.Count, nameof(classes));
        if (radius is not (>= 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(nameof(radius), radius, "The radius must be a finite number of at least 0.");
        }

        return Samples.Count == 0 ? double.NaN : Samples.Zip(classes)
            .Count(pair => pair.First.Class == pair.Second && (radius == 0 || pair.First.Radius > radius)) / (double)Samples.Count;
    }

    /// <summary>One line: how many samples have a radius, the median, and the bound.</summary>
    public override string ToString()
    {
        double[] radii = [.. Samples.Select(sample => sample.Radius).Order()];
        return Bound.Value is null ? $"No certificate: {Bound.Reason}" : string.Create(
            CultureInfo.InvariantCulture,
            $"{radii.Count(radius => radius > 0)} of {radii.Length} samples have a radius"
                + $"{(radii.Length == 0 ? "" : $", {radii[radii.Length / 2]:g3} in the median")}. Bound: {Bound}");
    }

    private static SampleRadius[] Certified(NetworkBound bound, ImplicitNetwork network, Tensor data, double inputScale)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor q = network.Encode(data);
        using ImplicitResult solved = network.Layer.Run(q, network.Settings with { OnFailure = new MaskFailures() });
        Tensor outputs = network.Read(solved);
        if (outputs.ndim != 2 || outputs.shape[0] != data.shape[0] || outputs.shape[1] == 0)
        {
            throw new ArgumentException(
                $"Outputs must be [batch, classes]. The network returned {TensorCheck.Describe(outputs)}.", nameof(network));
        }

        double[][] sizes = [.. ((Tensor[])[data, q, solved.Latent]).Select(Lengths)];
        double[][] values = [.. Rows(outputs)];
        double?[] errors = Errors(network, solved);
        double unit = RoundingShare * Roundoff(data);
        return [.. values.Select((row, sample) => Array.TrueForAll(row, double.IsFinite)
            ? Radius(bound, row, errors[sample], unit, inputScale, sizes[0][sample], sizes[1][sample], sizes[2][sample])
            : new SampleRadius(-1, double.NaN, 0))];
    }

    private static SampleRadius Radius(
        NetworkBound bound, double[] outputs, double? error, double unit, double inputScale, double data, double q, double latent)
    {
        int c = Array.IndexOf(outputs, outputs.Max());
        double margin = outputs[c] - outputs.Where((_, j) => j != c).DefaultIfEmpty(double.NegativeInfinity).Max();
        if (bound.Value is null || error is not { } distance)
        {
            return new SampleRadius(c, margin, 0);
        }

        (double encoder, double moved) = (bound.Parts[0].Value!.Value, bound.Parts[1].Value!.Value);
        double largest = outputs.Max(Math.Abs);
        double[] differences = bound.Differences(c, outputs.Length);
        double radius = double.PositiveInfinity;
        for (int j = 0; j < outputs.Length; j++)
        {
            if (j == c)
            {
                continue;
            }

            // For each unit of u: so much the difference of the two outputs moves.
            double ofLatent = differences[j] * bound.BeforeRows;
            double rounded = unit * ((ofLatent * ((moved * ((encoder * data) + q + latent)) + latent)) + (2 * largest));
            double left = outputs[c] - outputs[j] - (ofLatent * distance) - rounded;
            double perUnit = ofLatent * moved * encoder * inputScale * (1 + 1e-13);
            radius = Math.Min(radius, left > 0 ? left / perUnit : 0);
        }

        return new SampleRadius(c, margin, double.IsNaN(radius) ? 0 : radius);
    }

    /// <summary>A bound of every latent's distance from its fixed point, in L2; null where its solve failed or none is known.</summary>
    private static double?[] Errors(ImplicitNetwork network, ImplicitResult solved)
    {
        long count = solved.Latent.numel() / Math.Max(1, solved.Latent.shape[0]);
        SolveReport report = solved.Report;
        double? length = report.ErrorNorm is { } norm ? ErrorBound.Between(ResidualNorm.L2, norm, count) : null;

        // An operator of a user says how it contracts, but its maps may not say what that makes of a residual.
        double factor = network.Layer.Operator is IContraction contraction && contraction.Norm.Equals(ResidualNorm.L2)
            && network.Layer.Stopping.Norm.Equals(ResidualNorm.L2) ? contraction.CertifyFactor() : double.NaN;
        bool isOwn = report.Samples.Count == solved.Latent.shape[0];
        return [.. Enumerable.Range(0, (int)solved.Latent.shape[0]).Select(sample =>
        {
            SampleReport own = report.Samples[isOwn ? sample : 0];
            return own.Status != SolveStatus.Converged || !isOwn ? null
                : own.ErrorBound is { } bound && length is { } each ? bound * each
                : factor is >= 0 and < 1 ? own.Residual / (1 - factor)
                : (double?)null;
        })];
    }

    private static double Roundoff(Tensor data)
    {
        bool isExact = data.device_type == DeviceType.CPU || data.dtype != ScalarType.Float32
            || (data.device_type == DeviceType.CUDA && !backends.cudnn.allow_tf32 && !backends.cuda.matmul.allow_tf32);
        return isExact ? Precision.Of(data.dtype).Roundoff : Tf32;
    }

    private static double[] Lengths(Tensor rows)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor wide = rows.to(ScalarType.Float64).reshape(rows.shape[0], -1);
        return [.. linalg.vector_norm(wide, 2, [1]).cpu().data<double>()];
    }

    private static IEnumerable<double[]> Rows(Tensor outputs)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] all = [.. outputs.to(ScalarType.Float64).cpu().contiguous().data<double>()];
        return all.Chunk((int)outputs.shape[1]);
    }
}
