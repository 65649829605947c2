using ImplicitNet.Measurements;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Bounds;

/// <summary>Convex potentials, and restorations whose denoisers are made of them. By themselves: <c>bounds restoration</c>.</summary>
internal static class RestorationFamily
{
    public const string Name = "restoration";

    private static readonly RestorationStep[] Steps =
        [RestorationStep.HalfQuadratic, RestorationStep.ProximalGradient, RestorationStep.Gradient];

    /// <inheritdoc cref="OperatorFamily.All"/>
    public static readonly IReadOnlyList<(Func<Random, ClaimedOperator> Draw, bool MayBeRefused)> All =
    [
        (random => Potential(random, ScalarType.Float32), false),
        (random => Potential(random, ScalarType.Float64), false),
        (random => Potential(random, random.OneIn(2) ? ScalarType.Float16 : ScalarType.BFloat16), true),
        (random => Restoration(random, ScalarType.Float32), false),
        (random => Restoration(random, ScalarType.Float64), false),
    ];

    /// <summary>One in a contraction: <c>I - 2 V^T V</c> with the identity for its activation, else at most 1.</summary>
    private static ClaimedOperator Potential(Random random, ScalarType dtype)
    {
        int channels = random.Next(1, 4), hidden = random.Next(1, 6), side = random.Pick([1, 3, 3, 5]);
        (int height, int width) = (random.Next(1, 7), random.Next(1, 7));
        double gamma = random.Between(0.01, 0.999);
        bool isLinear = random.OneIn(2);
        ConvexPotential potential = new(
            channels, hidden, side, random.OneIn(2) ? (height, width) : null, LatentActivation.LeakyRelu(isLinear ? 1 : 0), dtype);
        string weight = Fill(random, potential);
        ContractionOperator contraction = new(potential, gamma, LatentActivation.LeakyRelu(1));
        Tensor q = zeros([1, channels, height, width], dtype);
        FixedPointMap map = contraction.Bind(q);
        double passed = OperatorFamily.Numbers(map.Inputs.Shared[0])[0];
        double[] applied = OperatorFamily.Numbers(map.Inputs.Shared[1]);
        PlainOperator inner = PlainOperator.OfKernel(applied, hidden, channels, side, height, width);
        return new ClaimedOperator(
            $"contraction by {gamma:r} of a convex potential {hidden} x {channels} x {side}^2, {height} x {width}, {dtype}, weight {weight}",
            [("certified", contraction.CertifyFactor()), ("declared", gamma)],
            inner.Transposed().After(inner).Averaged(isLinear ? -2 * passed : 0, passed))
        {
            Dtype = dtype,
            LowerBounds = LowerBounds(random, map, q, dtype),
        };
    }

    /// <summary>Any step from any measurement, with a linear denoiser: its matrix column by column, in float64; else at most what is certified.</summary>
    private static ClaimedOperator Restoration(Random random, ScalarType dtype)
    {
        int side = random.Next(2, 6);
        RestorationStep step = random.Pick(Steps);
        MeasurementOperator measurement = random.Next(step == RestorationStep.HalfQuadratic ? 4 : 5) switch
        {
            0 => new CircularBlur(Kernel(random)),
            1 => CircularBlur.Gaussian(random.Between(0.2, 2)),
            2 => new IdentityMeasurement(),
            3 => new RadonTransform(side, random.Next(1, 6)),
            _ => new PaddedBlur(Kernel(random)),
        };
        bool isExact = dtype == ScalarType.Float64 && random.OneIn(2);
        ConvexPotential potential = new(1, random.Next(1, 5), 3, activation: LatentActivation.LeakyRelu(isExact ? 1 : 0), dtype: dtype);
        string weight = Fill(random, potential);
        double gamma = random.Between(0.01, 0.999);
        BoundedRestorationOperator restoration = new(measurement, potential, gamma, step);
        using (no_grad())
        {
            restoration.get_parameter("step.logit")!.add_(random.Normal() * random.Pick([0, 1, 10, 1000]));
        }

        Tensor latent = zeros([1, 1, side, side], dtype);
        FixedPointMap map = restoration.Bind(measurement.Apply(latent));
        double certified = restoration.CertifyFactor();
        int pixels = side * side;
        double[] elements = new double[pixels * pixels];
        for (int pixel = 0; pixel < pixels; pixel++)
        {
            elements[(pixel * pixels) + pixel] = certified;
        }

        if (isExact)
        {
            using DisposeScope scope = NewDisposeScope();
            using FixedPointMap many = restoration.Bind(measurement.Apply(zeros([pixels, 1, side, side], dtype)));
            Tensor columns = many.Evaluate(eye(pixels, dtype: dtype).reshape(pixels, 1, side, side)) - map.Evaluate(latent);
            elements = OperatorFamily.Numbers(columns.reshape(pixels, pixels).t());
        }

        return new ClaimedOperator(
            $"{step} restoration by {gamma:r}, {measurement}, {side} x {side}, {dtype}, weight {weight}",
            [("certified", certified), ("declared", restoration.DeclaredFactor)],
            PlainOperator.OfMatrix(elements, pixels, pixels))
        {
            Dtype = dtype,
            LowerBounds = LowerBounds(random, map, latent, dtype),
        };
    }

    private static (string Name, double Value)[] LowerBounds(Random random, FixedPointMap map, Tensor latent, ScalarType dtype) =>
    [
        ("measured", Contraction.Measure(map, latent)[0] - BoundJudge.Unit(dtype, 100)),
        ("secant", OperatorFamily.Secant(random, map, latent, ResidualNorm.L2) - BoundJudge.Unit(dtype, 100)),
    ];

    /// <summary>Gives a layer a weight of some kind, and any bias.</summary>
    private static string Fill(Random random, ConvexPotential potential)
    {
        using IDisposable noGraph = no_grad();
        Parameter bias = potential.Bias;
        bias.copy_(tensor(random.Numbers((int)bias.numel(), random.Normal)).to(bias.dtype));
        return OperatorFamily.Fill(random, potential.Weight);
    }

    private static double[,] Kernel(Random random)
    {
        double[,] kernel = new double[random.Pick([1, 3, 5]), random.Pick([1, 3, 7])];
        double scale = random.Pick([1e-3, 1, 1e3]);
        for (int place = 0; place < kernel.Length; place++)
        {
            kernel[place / kernel.GetLength(1), place % kernel.GetLength(1)] = random.Normal() * scale;
        }

        return kernel;
    }
}
