using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Outside.Tests.Own;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>A bounded layer whose weight has no ordinary size: its bound, its certificate and its gradient.</summary>
public sealed class WeightScaleTests : TensorTest
{
    public static TheoryData<string, string, ScalarType> Cases()
    {
        TheoryData<string, string, ScalarType> cases = [];
        foreach (string layer in Layers)
        {
            foreach (string weight in Fills)
            {
                cases.Add(layer, weight, ScalarType.Float32);
                cases.Add(layer, weight, ScalarType.Float64);
                if (weight is not ("1e18" or "1e30"))
                {
                    cases.Add(layer, weight, ScalarType.BFloat16);
                }

                if (weight is not ("1e5" or "1e18" or "1e30"))
                {
                    cases.Add(layer, weight, ScalarType.Float16);
                }
            }
        }

        cases.Add("linear", "1e-300", ScalarType.Float64);
        cases.Add("linear", "1e300", ScalarType.Float64);
        cases.Add("convolution", "1e-300", ScalarType.Float64);
        cases.Add("convolution", "1e300", ScalarType.Float64);
        return cases;
    }

    private static string[] Fills =>
    [
        "zero", "1e-43", "1e-30", "1e-12", "1e-4", "0.02", "1", "1e5", "1e18", "1e30", "zero row", "zero column", "rank one", "equal", "one element", "orthogonal",
    ];

    private static string[] Layers => ["linear", "wide", "tall", "convolution", "convolution of all sizes", "convolution 5", "convolution 1d", "strided", "transposed", "a user's own"];

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_norm_is_certified_and_the_gradient_of_ordinary_size(string kind, string fill, ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(11);
        using BoundedLayer layer = Create(kind, dtype);
        Tensor weight = layer.named_parameters().Single().parameter;
        Fill(weight, fill);
        double certified = layer.CertifyNorm();
        double norm = TrueNorm(layer);
        Assert.True(norm <= certified, $"norm {norm:r}, certified {certified:r}");
        Assert.InRange(certified, 0, 1);
        if (fill is not ("zero" or "1e-43" or "1e-30" or "1e-12" or "1e-4" or "0.02" or "1e-300"))
        {
            // Of use: half precision pays for the worst that rounding can do to the norm. What weights are divided by is the norm on a torus;
            // the certificate for images of one size is near that on the images.
            Assert.InRange(NormOnTorus(layer, certified), dtype is ScalarType.Float32 or ScalarType.Float64 ? 0.95 : 0.85, 1);
            if (kind is "convolution" or "convolution 5" or "convolution 1d")
            {
                Assert.InRange(certified, norm, 1.005 * norm);
            }
        }

        Tensor probe = randn_like(weight);
        (layer.NormalizedWeight() * probe).sum().backward();
        Tensor gradient = weight.grad!.to(ScalarType.Float64);
        double size = weight.detach().abs().max().ToDouble();
        Assert.True(gradient.isfinite().all().ToBoolean());

        // d(W / b) = dW / b - W <db, dW> / b^2 with |W| and |db| of the order of b: some probes over b, and b at least a tenth.
        double bound = 4 * probe.to(ScalarType.Float64).abs().sum().ToDouble() / Math.Max(size, 0.1);
        Assert.InRange(gradient.abs().max().ToDouble(), fill is "zero" or "1e-43" or "1e-30" ? 1e-3 : 0, bound);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("wide")]
    [InlineData("convolution")]
    [InlineData("convolution of all sizes")]
    public void The_gradient_is_that_of_the_weight_applied_at_every_scale(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(12);
        foreach (double factor in new[] { 0, 1e-30, 1e-4, 0.01, 1, 1e3, 1e9, 1e200 })
        {
            using BoundedLayer layer = Create(kind, ScalarType.Float64);
            Tensor weight = layer.named_parameters().Single().parameter;
            Tensor probe = randn_like(weight);
            Tensor direction = randn_like(weight);
            double size;
            using (no_grad())
            {
                weight.mul_(factor);
                size = Math.Max(factor, 1e-4);
            }

            (layer.NormalizedWeight() * probe).sum().backward();
            double slope = (weight.grad! * direction).sum().ToDouble() * size;
            double Value(double step)
            {
                using DisposeScope inner = NewDisposeScope();
                using IDisposable noGraph = no_grad();
                weight.add_(direction * (size * step));
                double value = (layer.NormalizedWeight() * probe).sum().ToDouble();
                weight.sub_(direction * (size * step));
                return value;
            }

            Assert.Equal((Value(1e-6) - Value(-1e-6)) / 2e-6, slope, 1e-6 * Math.Max(1, Math.Abs(slope)));
        }
    }

    [Theory]
    [InlineData("SGD", false)]
    [InlineData("SGD", true)]
    [InlineData("Adam", false)]
    [InlineData("clipped", false)]
    public void Weights_that_start_at_zero_are_trained_like_others(string optimizer, bool convolution)
    {
        foreach (double start in new[] { 0, 1e-30, 1 })
        {
            using DisposeScope scope = NewDisposeScope();
            random.manual_seed(1);
            using ImplicitNetwork network = convolution
                ? new(
                    nn.Sequential(nn.Linear(4, 16), nn.Unflatten(1, [4, 2, 2])),
                    new ContractionOperator(new BoundedConvolution(4, 4, 3, (2, 2)), 0.8),
                    nn.Sequential(nn.Flatten(), nn.Linear(16, 3)))
                : new(nn.Linear(4, 16), new ContractionOperator(new BoundedLinear(16, 16), 0.8), nn.Linear(16, 3));
            Tensor weight = network.Layer.parameters().Single();
            using (no_grad())
            {
                weight.mul_(start);
            }

            Tensor data = randn(64, 4);
            Tensor labels = (data.select(1, 0) > 0).to(ScalarType.Int64);
            using optim.Optimizer steps = optimizer == "Adam" ? optim.Adam(network.parameters(), 1e-2) : optim.SGD(network.parameters(), 0.5);
            double last = double.NaN;
            for (int step = 0; step < 100; step++)
            {
                using DisposeScope inner = NewDisposeScope();
                steps.zero_grad();
                Tensor loss = nn.functional.cross_entropy(network.call(data), labels);
                loss.backward();
                if (step == 0)
                {
                    Assert.InRange(weight.grad!.abs().max().ToDouble(), 1e-6, 10);
                }

                if (optimizer == "clipped")
                {
                    nn.utils.clip_grad_norm_(network.parameters(), 1);
                }

                steps.step();
                last = loss.ToDouble();
            }

            Assert.InRange(last, 0, 0.15);
            Assert.InRange(weight.abs().max().ToDouble(), 0.01, 10);
        }
    }

    private static BoundedLayer Create(string kind, ScalarType dtype) => kind switch
    {
        "linear" => new BoundedLinear(16, 16, dtype),
        "wide" => new BoundedLinear(24, 6, dtype),
        "tall" => new BoundedLinear(5, 20, dtype),
        "convolution" => new BoundedConvolution(3, 4, 3, (5, 6), dtype),
        "convolution 5" => new BoundedConvolution(2, 2, 5, (6, 6), dtype),
        "convolution 1d" => new BoundedConvolution1d(3, 4, 3, 12, dtype),
        "strided" => new BoundedStridedConvolution(2, 6, 3, 2, (7, 8), dtype),
        "transposed" => new BoundedTransposedConvolution(6, 2, 3, 2, (7, 8), dtype),
        "a user's own" => new BoundedSymmetric(12, dtype),
        _ => new BoundedConvolution(2, 3, 3, null, dtype),
    };

    private static void Fill(Tensor weight, string fill)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor values = rand(weight.shape, ScalarType.Float64).sub_(0.5);
        switch (fill)
        {
            case "zero": values.zero_(); break;
            case "zero row": values[0] = 0; break;
            case "zero column": values.select(1, 0).zero_(); break;
            case "equal": values.fill_(0.5); break;
            case "one element": values.zero_().view(-1)[3] = 0.7; break;
            case "rank one": values.copy_(values.select(0, 0).unsqueeze(0) * (values.select(1, 0).unsqueeze(1) + 1)); break;
            case "orthogonal": values.copy_(linalg.svd(values.reshape(values.shape[0], -1), fullMatrices: false) is var (u, _, vh) ? u.mm(vh).reshape(values.shape) : values); break;
            default: values.mul_(double.Parse(fill, System.Globalization.CultureInfo.InvariantCulture)); break;
        }

        weight.copy_(values);
    }

    /// <summary>The norm of the convolution on the torus that its images are a part of; the certificate where there is none.</summary>
    private static double NormOnTorus(BoundedLayer layer, double certified)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = layer.NormalizedWeight().detach().to(ScalarType.Float64);
        (Tensor kernel, (int, int) torus) = layer switch
        {
            BoundedConvolution { ImageSize: (int height, int width) } => (weight, (height + (int)(weight.shape[^1] / 2), width + (int)(weight.shape[^1] / 2))),
            BoundedConvolution1d => (weight.unsqueeze(2), (1, 13)),
            BoundedStridedConvolution or BoundedTransposedConvolution => (Polyphase.Kernel(weight, 2), (5, 5)),
            _ => (weight, (0, 0)),
        };
        return torus == (0, 0)
            ? certified
            : SpectralNorm.LargestSingularValue(new TorusFrequencies(torus, ((int)kernel.shape[2], (int)kernel.shape[3])).Symbols(kernel));
    }

    /// <summary>The largest singular value of the layer as it is applied, as a dense matrix in float64.</summary>
    private static double TrueNorm(BoundedLayer layer)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        Tensor weight = layer.NormalizedWeight().to(ScalarType.Float64);
        if (layer is BoundedLinear or BoundedSymmetric)
        {
            return linalg.svdvals(layer is BoundedSymmetric ? weight + weight.t() : weight).max().ToDouble();
        }

        long[] sample = layer switch
        {
            BoundedConvolution1d => [3, 12],
            BoundedStridedConvolution => [2, 7, 8],
            BoundedTransposedConvolution => [6, 4, 4],
            BoundedConvolution { ImageSize: (int height, int width) } => [weight.shape[1], height, width],
            _ => [weight.shape[1], 6, 5],
        };
        long size = sample.Aggregate(1L, (product, side) => product * side);
        Tensor columns = layer.Apply(eye(size, dtype: ScalarType.Float64).reshape([size, .. sample]), weight);
        return linalg.svdvals(columns.reshape(size, -1)).max().ToDouble();
    }
}
