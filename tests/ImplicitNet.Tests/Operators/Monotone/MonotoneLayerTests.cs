using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators.Monotone;

public sealed class MonotoneLayerTests : TensorTest
{
    public static TheoryData<string, ScalarType, double> Cases
    {
        get
        {
            TheoryData<string, ScalarType, double> cases = [];
            foreach (string kind in MonotoneCases.Kinds)
            {
                foreach (ScalarType dtype in (ScalarType[])[ScalarType.Float32, ScalarType.Float64])
                {
                    cases.Add(kind, dtype, 1);
                    cases.Add(kind, dtype, 0.1);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void I_minus_W_is_monotone_by_m_at_every_scale_of_the_weights(string kind, ScalarType dtype, double monotonicity)
    {
        for (int trial = 0; trial < 13; trial++)
        {
            using DisposeScope scope = NewDisposeScope();
            random.manual_seed(trial);
            using MonotoneLayer layer = MonotoneCases.Create(kind, monotonicity, dtype);
            Scale(layer, Math.Pow(10, trial - 6));
            Tensor dense = MonotoneCases.Dense(layer, MonotoneCases.Shape(kind));
            Tensor rest = eye(dense.shape[0], dtype: ScalarType.Float64) - dense;
            double least = linalg.eigvalsh((rest + rest.t()) / 2).min().ToDouble();
            double norm = linalg.norm(rest, 2).ToDouble();
            double certified = layer.CertifyMonotonicity();

            // What a product rounds is no part of W: of a pyramid the matrix is rounded in the dtype, of others it is exact.
            double rounding = (kind == "pyramid" && dtype == ScalarType.Float32 ? 2e-6 : 1e-14) * norm;
            Assert.True(certified >= monotonicity, $"{certified} is less than {monotonicity} at 1e{trial - 6}");
            Assert.True(least + rounding >= certified, $"{least} is less than {certified} at 1e{trial - 6}");
            using IDisposable noGraph = no_grad();
            double bound = layer.BoundNorms(layer.Prepare()).Whole;
            Assert.InRange(norm, 0, bound + rounding);
            Assert.True(bound <= (kind == "pyramid" ? 6 : 2) * norm, $"{bound} is far above {norm}");
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_transposed_product_is_that_of_the_transpose(string kind, ScalarType dtype, double monotonicity)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        using MonotoneLayer layer = MonotoneCases.Create(kind, monotonicity, dtype);
        Tensor forward = MonotoneCases.Dense(layer, MonotoneCases.Shape(kind));
        Tensor transposed = MonotoneCases.Dense(layer, MonotoneCases.Shape(kind), isTransposed: true);
        Assert.InRange((forward.t() - transposed).abs().max().ToDouble(), 0, dtype == ScalarType.Float64 ? 1e-14 : 1e-6);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("circular")]
    [InlineData("zeros")]
    [InlineData("pyramid")]
    public void W_is_what_its_formula_says(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        using MonotoneLayer whole = MonotoneCases.Create(kind, 0.3);
        Tensor dense = MonotoneCases.Dense(whole, MonotoneCases.Shape(kind));
        Zero(whole, "skew");
        Tensor symmetric = MonotoneCases.Dense(whole, MonotoneCases.Shape(kind));
        Tensor gram = (eye(dense.shape[0], dtype: ScalarType.Float64) * 0.7) - symmetric;
        Assert.InRange((gram - gram.t()).abs().max().ToDouble(), 0, 1e-12);
        Assert.InRange(linalg.eigvalsh((gram + gram.t()) / 2).min().ToDouble(), -1e-12, 10);
        Tensor skew = dense - symmetric;
        Assert.InRange((skew + skew.t()).abs().max().ToDouble(), 0, 1e-12);
        Assert.True(skew.abs().max().ToDouble() > 0.1 && gram.abs().max().ToDouble() > 0.1);
    }

    [Theory]
    [InlineData(7, 9)]
    [InlineData(8, 5)]
    [InlineData(1, 4)]
    public void A_pyramid_of_three_tiers_of_odd_and_even_sides_is_monotone(int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(9);
        using MonotonePyramid layer = new([1, 2, 2], (height, width), monotonicity: 0.5, dtype: ScalarType.Float64);
        (int h, int w) = ((height + 1) / 2, (width + 1) / 2);
        long[] shape = [(height * width) + (2 * h * w) + (2 * ((h + 1) / 2) * ((w + 1) / 2))];
        Tensor dense = MonotoneCases.Dense(layer, shape);
        Assert.InRange((dense.t() - MonotoneCases.Dense(layer, shape, isTransposed: true)).abs().max().ToDouble(), 0, 1e-13);
        Tensor rest = eye(shape[0], dtype: ScalarType.Float64) - dense;
        Assert.True(linalg.eigvalsh((rest + rest.t()) / 2).min().ToDouble() >= 0.5 - 1e-12);
        Assert.InRange(linalg.norm(rest, 2).ToDouble(), 0, layer.BoundNorms(layer.Prepare()).Whole);
        Tensor latent = randn([3, shape[0]], ScalarType.Float64);
        Assert.Equal(0, (MonotonePyramid.Join(layer.Split(latent)) - latent).abs().max().ToDouble());
    }

    [Fact]
    public void A_linear_layer_is_its_formula_to_the_letter()
    {
        using DisposeScope scope = NewDisposeScope();
        using MonotoneLinear layer = new(6, 0.4, dtype: ScalarType.Float64);
        (Tensor a, Tensor b) = (layer.Symmetric, layer.Skew);
        Tensor expected = (eye(6, dtype: ScalarType.Float64) * 0.6) - a.t().mm(a) + b - b.t();
        Assert.InRange((MonotoneCases.Dense(layer, [6]) - expected).abs().max().ToDouble(), 0, 1e-12);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("circular")]
    [InlineData("zeros")]
    [InlineData("pyramid")]
    public void A_weight_that_is_not_finite_certifies_nothing(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using MonotoneLayer layer = MonotoneCases.Create(kind);
        using (no_grad())
        {
            layer.Weight.flatten()[0] = double.NaN;
        }

        Assert.Equal(double.NaN, layer.CertifyMonotonicity());
        using IDisposable noGraph = no_grad();
        Assert.Equal(double.NaN, layer.BoundNorms(layer.Prepare()).Whole);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void F_is_cocoercive_by_what_its_norms_say(string kind, ScalarType dtype, double monotonicity)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(6);
        using MonotoneLayer layer = MonotoneCases.Create(kind, monotonicity, dtype);
        Scale(layer, 2);
        Tensor dense = MonotoneCases.Dense(layer, MonotoneCases.Shape(kind));
        Tensor rest = eye(dense.shape[0], dtype: ScalarType.Float64) - dense;
        MonotoneNorms norms = layer.BoundNorms(layer.Prepare());
        double beta = norms.Cocoercivity(monotonicity);

        // (F + F^T) / 2 - beta F^T F is positive semidefinite.
        double least = linalg.eigvalsh(((rest + rest.t()) / 2) - (rest.t().mm(rest) * beta)).min().ToDouble();
        Assert.InRange(least, dtype == ScalarType.Float64 ? -1e-12 : -1e-5, double.MaxValue);
        Assert.InRange(linalg.norm((rest + rest.t()) / 2, 2).ToDouble(), 0, norms.Symmetric * (1 + 1e-6));
        Assert.InRange(linalg.norm((rest - rest.t()) / 2, 2).ToDouble(), 0, norms.Skew * (1 + 1e-6));
        Assert.True(beta >= monotonicity / norms.Whole / norms.Whole);
    }

    [Theory]
    [InlineData("linear", ScalarType.Float32)]
    [InlineData("linear", ScalarType.Float64)]
    [InlineData("circular", ScalarType.Float32)]
    [InlineData("zeros", ScalarType.Float64)]
    public void A_limit_of_the_norm_is_kept_at_every_scale_of_the_weights(string kind, ScalarType dtype)
    {
        const double limit = 3;
        for (int trial = 0; trial < 13; trial++)
        {
            using DisposeScope scope = NewDisposeScope();
            random.manual_seed(trial);
            using MonotoneLayer layer = kind == "linear"
                ? new MonotoneLinear(20, 0.5, limit, dtype)
                : new MonotoneConvolution(
                    2, (5, 6), 3, 0.5, kind == "circular" ? PaddingModes.Circular : PaddingModes.Zeros, limit, dtype);
            Scale(layer, Math.Pow(10, trial - 6));
            Tensor dense = MonotoneCases.Dense(layer, kind == "linear" ? [20] : [2, 5, 6]);
            Tensor rest = eye(dense.shape[0], dtype: ScalarType.Float64) - dense;
            Assert.InRange(linalg.norm(rest, 2).ToDouble(), 0.5, limit + 1e-4);
            Assert.True(layer.CertifyMonotonicity() >= 0.5);

            // The gradient is that of the weight as it is applied.
            using Tensor sum = layer.Prepare()[0].square().sum();
            sum.backward();
            Assert.True(layer.Weight.grad!.isfinite().all().ToBoolean());
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new MonotoneLinear(3, monotonicity: 1, lipschitz: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MonotoneLinear(3, lipschitz: double.NaN));
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("circular")]
    [InlineData("zeros")]
    [InlineData("pyramid")]
    public void A_layer_that_is_moved_to_another_dtype_is_the_same_there(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        using MonotoneLayer layer = MonotoneCases.Create(kind, 1, ScalarType.Float32);
        long[] shape = MonotoneCases.Shape(kind);
        Tensor before = MonotoneCases.Dense(layer, shape);
        layer.to(ScalarType.Float64);
        Assert.Equal(ScalarType.Float64, layer.Weight.dtype);
        Assert.InRange((MonotoneCases.Dense(layer, shape) - before).abs().max().ToDouble(), 0, 1e-5);
        Assert.True(layer.CertifyMonotonicity() >= 1);
    }

    [Theory]
    [InlineData("linear")]
    [InlineData("circular")]
    [InlineData("zeros")]
    [InlineData("pyramid")]
    public void A_layer_that_is_moved_to_half_precision_is_refused_in_a_line(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using MonotoneOperator latentOperator = new(MonotoneCases.Create(kind, 1, ScalarType.Float32));
        foreach (ScalarType dtype in (ScalarType[])[ScalarType.Float16, ScalarType.BFloat16])
        {
            latentOperator.to(dtype);
            Tensor q = zeros([2, .. MonotoneCases.Shape(kind)], dtype);
            foreach (Action call in (Action[])
                [
                    () => latentOperator.Bind(q), () => latentOperator.Layer.call(q), () => latentOperator.StartingLatent(q),
                    () => latentOperator.CertifyMonotonicity(), () => latentOperator.BoundLipschitz(),
                ])
            {
                Assert.Equal(
                    $"The weight of a monotone layer is float32 or float64. It was moved to {dtype}: move it back.",
                    Assert.Throws<InvalidOperationException>(call).Message);
            }
        }
    }

    [Fact]
    public void Sizes_out_of_all_bounds_are_refused_by_the_name_of_the_argument()
    {
        foreach (Func<MonotoneLayer> make in (Func<MonotoneLayer>[])
            [
                () => new MonotoneConvolution(1, (int.MaxValue, 3), padding: PaddingModes.Zeros),
                () => new MonotoneConvolution(1, (3, int.MaxValue), padding: PaddingModes.Zeros),
                () => new MonotonePyramid([1], (0, 4)), () => new MonotonePyramid([1], (4, int.MaxValue)),
            ])
        {
            Assert.Equal("imageSize", Assert.Throws<ArgumentOutOfRangeException>(make).ParamName);
        }

        foreach (int side in (int[])[int.MaxValue, 1_073_741_825, 39])
        {
            foreach (PaddingModes padding in (PaddingModes[])[PaddingModes.Zeros, PaddingModes.Circular])
            {
                Assert.Equal(
                    "kernelSize",
                    Assert.Throws<ArgumentOutOfRangeException>(() => new MonotoneConvolution(1, (80, 80), side, padding: padding)).ParamName);
            }
        }

        Assert.StartsWith(
            "The weight of a monotone layer has at most 536,870,912 numbers. Given: 40000 x 40000.",
            Assert.Throws<ArgumentException>(() => new MonotoneLinear(40_000)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_sizes_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new MonotoneLinear(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MonotoneLinear(3, monotonicity: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MonotoneLinear(3, monotonicity: double.NaN));
        Assert.Throws<ArgumentException>(() => new MonotoneLinear(3, dtype: ScalarType.Int32));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MonotoneConvolution(2, (4, 9)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new MonotoneConvolution(2, (9, 9), kernelSize: 4));
        Assert.Throws<ArgumentException>(() => new MonotoneConvolution(2, (9, 9), padding: PaddingModes.Reflect));
        Assert.Throws<ArgumentException>(() => new MonotonePyramid([], (9, 9)));
        Assert.Throws<ArgumentException>(() => new MonotonePyramid([2, 0], (9, 9)));
        using MonotoneConvolution layer = new(2, (9, 9));
        using Tensor other = zeros(1, 2, 9, 8);
        Assert.Contains("[batch, 2, 9, 9]", Assert.Throws<ArgumentException>(() => layer.call(other)).Message);
    }

    private static void Scale(MonotoneLayer layer, double factor)
    {
        using IDisposable noGraph = no_grad();
        foreach (var weight in layer.parameters())
        {
            weight.mul_(factor);
        }
    }

    private static void Zero(MonotoneLayer layer, string name)
    {
        using IDisposable noGraph = no_grad();
        foreach ((string own, var weight) in layer.named_parameters())
        {
            if (own.StartsWith(name, StringComparison.Ordinal))
            {
                weight.zero_();
            }
        }
    }
}
