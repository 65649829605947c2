using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>Bounds of layers and of what is made of them, against the singular values of the matrices that they are.</summary>
public sealed class LipschitzBoundTests : TensorTest
{
    [Fact]
    public void Every_convolution_is_bounded_by_no_less_than_its_norm_and_not_much_more()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        (Conv2d Layer, int Height, int Width, double Slack)[] cases =
        [
            (Convolution(2, 3, 3, padding: 1), 5, 6, 1.002), (Convolution(3, 2, 3), 5, 4, 1.3), (Convolution(1, 4, 5, padding: 2), 7, 7, 1.002),
            (Convolution(2, 3, 3, padding: 1, stride: 2), 6, 5, 1.4), (Convolution(2, 2, 3, padding: 3), 4, 5, 1.5),
            (Convolution(3, 2, 4, stride: 2, padding: 1), 6, 6, 1.4), (Convolution(2, 2, 2, stride: 2), 6, 4, 1 + 1e-9),
            (Convolution(2, 2, 2, stride: 3), 7, 7, 1 + 1e-9), (Convolution(2, 2, 3, padding: 2, dilation: 2), 6, 7, 1.002),
            (Convolution(4, 6, 3, padding: 1, groups: 2), 5, 5, 1.4), (Convolution(3, 3, 3, padding: 1, groups: 3, stride: 2), 7, 6, 1.5),
            (Convolution(2, 3, 1), 4, 4, 1 + 1e-9), (Convolution(2, 2, 3, padding: 1, mode: PaddingModes.Circular), 5, 6, 1 + 1e-9),
            (Convolution(2, 2, 3, padding: 1, stride: 2, mode: PaddingModes.Circular), 6, 4, 1 + 1e-9),
            (Convolution(2, 2, 3, padding: 2, mode: PaddingModes.Circular), 5, 4, 4), (Convolution(2, 2, 3, padding: 2, mode: PaddingModes.Reflect), 4, 5, 4),
            (Convolution(1, 2, 3, padding: 1, mode: PaddingModes.Reflect), 3, 3, 4), (Convolution(1, 2, 3, padding: 2, mode: PaddingModes.Replicate), 4, 3, 6),
            (Convolution(1, 1, 5, padding: 2, mode: PaddingModes.Replicate), 1, 4, 7),
        ];
        foreach ((Conv2d layer, int height, int width, double slack) in cases)
        {
            using Conv2d owned = layer;
            long[] shape = [layer.in_channels, height, width];
            double norm = Norm(layer, shape);
            LipschitzBound bound = LipschitzBound.Of(layer, shape), any = LipschitzBound.Of(layer);
            string name = $"{layer.kernel_size[0]} {layer.stride[0]} {layer.padding_mode} {height} x {width}";
            Assert.True(bound.Value >= norm * (1 - 1e-13) && bound.Value <= norm * slack, $"{name}: {bound.Value} of {norm}");
            Assert.True(any.Value >= norm * (1 - 1e-13), $"{name}: {any.Value} of {norm}");
            Assert.Equal(Apply(layer, zeros([1, .. shape], ScalarType.Float64)).shape[1..], bound.OutputShape);
        }
    }

    [Fact]
    public void Paddings_by_name_and_images_beyond_the_grid_are_bounded_too()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        foreach (Padding padding in new[] { Padding.Same, Padding.Valid })
        {
            foreach (int side in new[] { 3, 4 })
            {
                using Conv2d layer = nn.Conv2d(1, 2, side, padding: padding, bias: false, dtype: ScalarType.Float64);
                double norm = Norm(layer, [1, 6, 5]);
                Assert.InRange(LipschitzBound.Of(layer, [1, 6, 5]).Value!.Value, norm * (1 - 1e-13), norm * 1.4);
            }
        }

        using Conv2d mean = nn.Conv2d(1, 1, 3, padding: 1, bias: false);
        nn.init.constant_(mean.weight!, 1.0 / 9);

        // The eigenvalues of a row of [1, 1, 1] / 3 are (1 + 2 cos(pi / (n + 1))) / 3.
        double one = (1 + (2 * Math.Cos(Math.PI / 201))) / 3;
        Assert.InRange(LipschitzBound.Of(mean, [1, 200, 200]).Value!.Value, one * one, 1.01);
        Assert.InRange(LipschitzBound.Of(mean).Value!.Value, 1, 1.006);
    }

    [Fact]
    public void A_convolution_and_its_normalisation_are_one_affine_map()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        using Conv2d convolution = Convolution(2, 4, 3, padding: 1);
        using BatchNorm2d norm = nn.BatchNorm2d(4, dtype: ScalarType.Float64);
        using Linear linear = nn.Linear(7, 5, dtype: ScalarType.Float64);
        using BatchNorm1d norm1 = nn.BatchNorm1d(5, dtype: ScalarType.Float64);
        using (no_grad())
        {
            norm.running_var!.copy_(tensor([0.01, 1, 4, 30.0]));
            norm.weight!.copy_(tensor([0.2, -3, 1, 5.0]));
            norm1.running_var!.copy_(tensor([0.5, 1, 4, 30.0, 0.1]));
            norm1.weight!.copy_(tensor([0.2, -3, 1, 5.0, 1]));
        }

        using Sequential both = nn.Sequential(("c", convolution), ("n", norm)), flat = nn.Sequential(("l", linear), ("n", norm1));
        both.eval();
        flat.eval();
        double dense = Norm(both, [2, 5, 4]);
        LipschitzBound bound = LipschitzBound.Of(both, [2, 5, 4]);
        Assert.InRange(bound.Value!.Value, dense * (1 - 1e-13), dense * 1.002);
        Assert.Equal("c + n (Conv2d, BatchNorm2d)", Assert.Single(bound.Factors).Name);
        Assert.True(LipschitzBound.Of(convolution, [2, 5, 4]).Value * LipschitzBound.Of(norm, [4, 5, 4]).Value > 1.2 * bound.Value);
        Assert.InRange(LipschitzBound.Of(norm).Value!.Value / (3 / Math.Sqrt(1 + 1e-5)), 1, 1 + 1e-9);
        Assert.InRange(LipschitzBound.Of(flat, [7]).Value!.Value / Norm(flat, [7]), 1 - 1e-13, 1 + 1e-9);
        norm.train();
        Assert.Contains("c + n (Conv2d, BatchNorm2d) has no bound: in training mode", LipschitzBound.Of(both).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Pools_lengthen_no_more_than_pixels_are_in_windows()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(6);
        (nn.Module<Tensor, Tensor> Pool, double Value)[] cases =
        [
            (nn.MaxPool2d(2), 1), (nn.MaxPool2d(3), 1), (nn.MaxPool2d(3, stride: 2, padding: 1), 2), (nn.MaxPool2d(3, stride: 1), 3),
            (nn.MaxPool2d(2, stride: 2, dilation: 2), 2), (nn.MaxPool2d(2, stride: 1, dilation: 3), 2), (nn.MaxPool2d(2, stride: 3), 1),
        ];
        foreach ((nn.Module<Tensor, Tensor> pool, double value) in cases)
        {
            using nn.Module owned = pool;
            LipschitzBound bound = LipschitzBound.Of(pool, [1, 9, 9]);
            Assert.Equal(value, bound.Value!.Value, 1e-12);
            Assert.Equal(pool.call(zeros(1, 1, 9, 9)).shape[1..], bound.OutputShape);

            // By search: one pixel far above all others moves the maximum of all its windows.
            double most = 0;
            for (int pixel = 0; pixel < 81; pixel++)
            {
                Tensor image = zeros(1, 1, 9, 9, ScalarType.Float64);
                image.view(-1)[pixel] = 1;
                most = Math.Max(most, linalg.vector_norm(pool.call(image)).ToDouble());
            }

            Assert.Equal(value, most, 1e-12);
        }

        foreach ((nn.Module<Tensor, Tensor> pool, double slack) in new (nn.Module<Tensor, Tensor>, double)[]
        {
            (nn.AvgPool2d(2), 1 + 1e-9), (nn.AvgPool2d(3), 1 + 1e-9), (nn.AvgPool2d(3, stride: 2), 1.5), (nn.AvgPool2d(3, stride: 1, padding: 1), 1.2),
            (nn.AvgPool2d(3, stride: 2, padding: 1, count_include_pad: false), 5), (nn.AvgPool2d(2, ceil_mode: true), 2),
            (nn.AvgPool2d([2L, 2], divisor_override: 1), 1 + 1e-9),
        })
        {
            using nn.Module owned = pool;
            double norm = Norm(pool, [1, 7, 7]);
            Assert.InRange(LipschitzBound.Of(pool, [1, 7, 7]).Value!.Value, norm * (1 - 1e-13), norm * slack);
        }
    }

    [Fact]
    public void Activations_have_the_largest_of_their_slopes()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = linspace(-8, 8, 400_001, ScalarType.Float64);
        foreach (nn.Module<Tensor, Tensor> activation in new nn.Module<Tensor, Tensor>[]
        {
            nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.1), nn.LeakyReLU(1.5), nn.Tanh(), nn.Sigmoid(), nn.GELU(), nn.SiLU(), nn.ELU(), nn.ELU(2), nn.Softsign(),
            nn.Hardtanh(-2, 3), nn.Identity(),
        })
        {
            using nn.Module owned = activation;
            Tensor y = activation.call(x);
            double steepest = ((y[1..] - y[..^1]).abs() / (x[1..] - x[..^1])).max().ToDouble();
            Assert.InRange(LipschitzBound.Of(activation).Value!.Value, steepest * (1 - 1e-10), steepest * 1.00005);
        }
    }

    [Fact]
    public void Parts_multiply_and_the_largest_is_named()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(7);
        using Linear first = nn.Linear(4, 6), same = nn.Linear(6, 6);
        using Dropout dropout = nn.Dropout();
        using Sequential inner = nn.Sequential(("a", same), ("b", nn.Tanh()), ("again", same));
        using Sequential module = nn.Sequential(("first", first), ("drop", dropout), ("inner", inner), ("flat", nn.Flatten()));
        module.eval();
        nn.init.eye_(same.weight!);
        using (no_grad())
        {
            same.weight!.mul_(7);
        }

        LipschitzBound bound = LipschitzBound.Of(module, [4]);
        double norm = linalg.svdvals(first.weight!.detach().to(ScalarType.Float64)).max().ToDouble();
        Assert.InRange(bound.Value!.Value / (49 * norm), 1, 1 + 1e-9);
        Assert.Equal("inner.a (Linear)", bound.Loosest!.Name);
        Assert.Equal(["first (Linear)", "drop (Dropout)", "inner (Sequential)", "flat (Flatten)"], bound.Factors.Select(factor => factor.Name));
        Assert.False(bound.IsStated);
        dropout.train();
        Assert.Equal(
            "drop (Dropout) has no bound: in training mode it is another function at every call: call eval() first", LipschitzBound.Of(module).Reason);
    }

    [Fact]
    public void What_is_not_known_or_not_finite_has_no_bound_by_name()
    {
        using DisposeScope scope = NewDisposeScope();
        using Sequential unknown = nn.Sequential(("l", nn.Linear(3, 3)), ("inner", nn.Sequential(("soft", nn.Softmax(1)))));
        LipschitzBound none = LipschitzBound.Of(unknown);
        Assert.Null(none.Value);
        Assert.Null(none.Loosest);
        Assert.StartsWith("inner.soft (Softmax) has no bound: nothing is known", none.Reason, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>("module", () => LipschitzBound.Of(null!));
        using Linear linear = nn.Linear(3, 3);
        using Conv2d convolution = nn.Conv2d(1, 1, 3);
        using BatchNorm2d norm = nn.BatchNorm2d(2);
        using BoundedLinear bounded = new(3, 3);
        using Stated stated = new();
        using (no_grad())
        {
            linear.weight![0, 0] = double.NaN;
            convolution.weight!.fill_(double.PositiveInfinity);
            bounded.Weight[0, 0] = double.NaN;
            norm.eval();
            norm.running_var!.fill_(-1);
        }

        foreach (nn.Module module in new nn.Module[] { linear, convolution, bounded, norm })
        {
            LipschitzBound broken = LipschitzBound.Of(module);
            Assert.True(broken.Value is null && broken.Reason!.Contains("not finite", StringComparison.Ordinal), broken.ToString());
        }

        Assert.Equal((2.5, true), (LipschitzBound.Of(stated).Value, LipschitzBound.Of(stated).IsStated));
    }

    [Fact]
    public void Bounded_modules_answer_by_their_certificates()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        using BoundedConvolution convolution = new(3, 5, imageSize: (6, 6));
        using WellPosedLinear square = new(6);
        using WellPosedLowRank thin = new(6, 2);
        using WellPosedLinear weighted = new(6, WellPosedness.PerronFrobenius);
        Assert.Equal(convolution.CertifyNorm(), LipschitzBound.Of(convolution, [3, 6, 6]).Value);
        Assert.Equal([5L, 6, 6], LipschitzBound.Of(convolution, [3, 6, 6]).OutputShape!);
        foreach (BoundedLayer layer in new BoundedLayer[] { square, thin, weighted })
        {
            // Applied as it is, not as it is bounded: in L2.
            double norm = linalg.svdvals(layer.call(eye(6)).to(ScalarType.Float64)).max().ToDouble();
            Assert.InRange(layer.CertifyLipschitz() / norm, 1 - 1e-6, 1 + 1e-6);
        }
    }

    private static Conv2d Convolution(
        long inputs, long outputs, long side, long stride = 1, long padding = 0, long dilation = 1, long groups = 1, PaddingModes mode = PaddingModes.Zeros) =>
        nn.Conv2d(
            inputs, outputs, side, stride: stride, padding: padding, dilation: dilation, padding_mode: mode, groups: groups, bias: false,
            dtype: ScalarType.Float64);

    /// <summary>The largest singular value of what a module does to unit vectors, less what it does to zeros.</summary>
    private static double Norm(nn.Module<Tensor, Tensor> module, long[] shape)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        long count = shape.Aggregate(1L, (product, side) => product * side);
        Tensor units = eye(count, dtype: ScalarType.Float64).reshape([count, .. shape]);
        Tensor made = (module.call(units) - module.call(zeros_like(units))).reshape(count, -1);
        return linalg.svdvals(made).max().ToDouble();
    }

    private static Tensor Apply(Conv2d layer, Tensor input)
    {
        using IDisposable noGraph = no_grad();
        return layer.call(input);
    }

    private sealed class Stated() : nn.Module<Tensor, Tensor>(nameof(Stated)), ILipschitz
    {
        public double CertifyLipschitz() => 2.5;

        public override Tensor forward(Tensor input) => input * 2.5;
    }
}
