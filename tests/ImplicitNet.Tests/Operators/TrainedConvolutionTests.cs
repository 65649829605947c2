using ImplicitNet.Differentiation;
using ImplicitNet.Kernels;
using ImplicitNet.Kernels.Winograd;
using ImplicitNet.Operators;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>Against torch's convolution and its gradients in float64.</summary>
public sealed class TrainedConvolutionTests : TensorTest
{
    // Of the norm. Over all cases 1.3e-6 at most, and 1.1e-6 where torch's own has 5e-7.
    private const double Rounding = 3e-6;

    public static MatrixTheoryData<(int Height, int Width), (int Inputs, int Outputs), int> Cases =>
        new([(3, 3), (4, 7), (9, 9), (28, 13)], [(16, 16), (16, 32), (32, 16), (48, 64)], [1, 11]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Values_and_gradients_are_those_of_the_convolution(
        (int Height, int Width) size, (int Inputs, int Outputs) channels, int batch)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable prefer = WinogradConvolution.Prefer();
        Case given = Case.Draw(batch, channels, size);
        IReadOnlyList<Tensor> exact = given.Exact();
        IReadOnlyList<Tensor> own = given.Own(new TrainedConvolution());
        for (int place = 0; place < exact.Count; place++)
        {
            Assert.InRange(Error(own[place], exact[place]), 0, Rounding);
        }
    }

    [Fact]
    public void Without_a_bias_and_with_an_input_that_needs_no_gradient_it_is_the_same()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable prefer = WinogradConvolution.Prefer();
        Case given = Case.Draw(4, (32, 32), (9, 9));
        Tensor weight = given.Weight.detach().requires_grad_();
        Tensor value = new TrainedConvolution().Apply(given.Input.detach(), weight, null);
        value.backward([given.Gradient]);
        Tensor[] all = [.. given.Own(new TrainedConvolution())];
        Assert.True(weight.grad!.equal(all[2]).all().ToBoolean());
        Assert.InRange(Error(value, all[0] - given.Bias.reshape(1, -1, 1, 1)), 0, Rounding);
    }

    [Fact]
    public void Second_derivatives_are_those_of_the_convolution()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable prefer = WinogradConvolution.Prefer();
        Case given = Case.Draw(3, (16, 32), (5, 4));

        // Of a sum of squares, so that every mixed derivative counts.
        Tensor[] Derivatives(Func<Tensor, Tensor, Tensor, Tensor> convolve, ScalarType dtype)
        {
            Tensor[] of = [.. given.Sources.Select(source => source.detach().to(dtype).requires_grad_())];
            Tensor gradient = VectorProducts.TransposeProduct(
                convolve(of[0], of[1], of[2]).square().sum(), of[0], ones([], dtype), createGraph: true);
            return [.. VectorProducts.TransposeProducts(gradient, of, gradient.detach()).Select(each => each!)];
        }

        Tensor[] exact = Derivatives((x, w, b) => nn.functional.conv2d(x, w, b, padding: [1, 1]), ScalarType.Float64);
        TrainedConvolution layer = new();
        Tensor[] own = Derivatives((x, w, b) => layer.Apply(x, w, b), ScalarType.Float32);
        for (int place = 0; place < exact.Length; place++)
        {
            Assert.InRange(Error(own[place], exact[place]), 0, Rounding);
        }
    }

    [Fact]
    public void A_sample_sends_back_the_same_alone_and_in_any_batch_and_threads_change_no_bit()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable prefer = WinogradConvolution.Prefer();
        Case given = Case.Draw(19, (32, 32), (9, 9));
        TrainedConvolution layer = new();
        int threads = get_num_threads();
        try
        {
            ThreadCount.Set(1);
            IReadOnlyList<Tensor> one = given.Own(layer);
            ThreadCount.Set(4);
            Assert.All(given.Own(layer).Zip(one), pair => Assert.True(pair.First.equal(pair.Second).all().ToBoolean()));
            for (int sample = 0; sample < 19; sample += 6)
            {
                Tensor alone = given.Sample(sample).Own(layer)[1];
                Assert.True(alone.equal(one[1].narrow(0, sample, 1)).all().ToBoolean());
            }
        }
        finally
        {
            ThreadCount.Set(threads);
        }
    }

    [Fact]
    public void A_gradient_in_another_memory_layout_sends_back_the_same()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable prefer = WinogradConvolution.Prefer();
        Case given = Case.Draw(5, (16, 16), (6, 7));
        IReadOnlyList<Tensor> expected = given.Own(new TrainedConvolution());
        IReadOnlyList<Tensor> own = (given with { Gradient = given.Gradient.contiguous() }).Own(new TrainedConvolution());
        Assert.All(own.Zip(expected), pair => Assert.True(pair.First.equal(pair.Second).all().ToBoolean()));
    }

    [Fact]
    public void A_tensor_that_was_changed_meanwhile_stops_the_backward_pass()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable prefer = WinogradConvolution.Prefer();
        Case given = Case.Draw(2, (16, 16), (5, 5));
        Tensor weight = given.Weight.detach().requires_grad_();
        Tensor value = new TrainedConvolution().Apply(given.Input.detach().requires_grad_(), weight, null);
        using (no_grad())
        {
            weight.mul_(2);
        }

        Assert.ThrowsAny<Exception>(() => value.backward([given.Gradient]));
        Assert.False(weight.grad?.isfinite().any().ToBoolean() ?? false);
    }

    [Fact]
    public void What_is_not_finite_stays_with_its_sample_and_reaches_the_weight()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable prefer = WinogradConvolution.Prefer();
        Case given = Case.Draw(6, (16, 16), (9, 9));
        IReadOnlyList<Tensor> clean = given.Own(new TrainedConvolution());
        given.Gradient[2, 3, 4, 4] = float.NaN;
        IReadOnlyList<Tensor> spoilt = given.Own(new TrainedConvolution());
        Assert.False(spoilt[1][2].isfinite().all().ToBoolean());
        Assert.False(spoilt[2].isfinite().all().ToBoolean());
        Assert.All([0, 1, 3, 4, 5], sample => Assert.True(spoilt[1][sample].equal(clean[1][sample]).all().ToBoolean()));

        // Nor does anything of it stay in the memory that the next call takes.
        Assert.All(Case.Draw(6, (16, 16), (9, 9)).Own(new TrainedConvolution()), each => Assert.True(each.isfinite().all().ToBoolean()));
    }

    [Fact]
    public void What_it_is_not_for_is_left_to_torch()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable prefer = WinogradConvolution.Prefer();
        TrainedConvolution layer = new();
        Tensor Images(long channels, long side) => Case.InRows(randn(2, channels, side, side)).requires_grad_();
        Assert.NotNull(layer.TryApply(Images(64, 9), zeros(96, 64, 3, 3), null));
        Assert.NotNull(layer.TryApply(Images(64, 9).detach(), zeros(64, 64, 3, 3).requires_grad_(), null));
        Assert.Null(layer.TryApply(Images(64, 9).detach(), zeros(64, 64, 3, 3), null));
        Assert.Null(layer.TryApply(Images(64, 9).contiguous(), zeros(64, 64, 3, 3), null));
        Assert.Null(layer.TryApply(Images(64, 9), zeros(64, 64, 5, 5), null));
        Assert.Null(layer.TryApply(Images(64, 9).to(ScalarType.Float64), zeros(64, 64, 3, 3, ScalarType.Float64), null));

        // Where torch's is faster.
        Assert.Null(layer.TryApply(Images(64, 7), zeros(64, 64, 3, 3), null));
        Assert.Null(layer.TryApply(Images(32, 9), zeros(64, 32, 3, 3), null));
        Assert.Null(layer.TryApply(Images(80, 9), zeros(64, 80, 3, 3), null));
        Assert.Null(layer.TryApply(Images(160, 9), zeros(64, 160, 3, 3), null));
        using IDisposable noGraph = no_grad();
        Assert.Null(layer.TryApply(Images(64, 9), zeros(64, 64, 3, 3), null));
    }

    private static double Error(Tensor own, Tensor exact) =>
        ((own.to(ScalarType.Float64) - exact.to(ScalarType.Float64)).norm() / exact.to(ScalarType.Float64).norm()).ToDouble();

    private sealed record Case(Tensor Input, Tensor Weight, Tensor Bias, Tensor Gradient)
    {
        public Tensor[] Sources => [Input, Weight, Bias];

        public static Case Draw(int batch, (int Inputs, int Outputs) channels, (int Height, int Width) size)
        {
            random.manual_seed(11);
            return new Case(
                InRows(randn(batch, channels.Inputs, size.Height, size.Width)),
                randn(channels.Outputs, channels.Inputs, 3, 3) / (3 * Math.Sqrt(channels.Inputs)),
                randn(channels.Outputs),
                InRows(randn(batch, channels.Outputs, size.Height, size.Width)));
        }

        public static Tensor InRows(Tensor images) => images.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

        public Case Sample(int sample) =>
            this with { Input = Input.narrow(0, sample, 1), Gradient = Gradient.narrow(0, sample, 1) };

        /// <summary>The value, and the gradients of input, weight and bias.</summary>
        public IReadOnlyList<Tensor> Own(TrainedConvolution layer) =>
            Of(Sources, Gradient, (x, w, b) => layer.Apply(x, w, b));

        public IReadOnlyList<Tensor> Exact() => Of(
            [.. Sources.Select(source => source.to(ScalarType.Float64))], Gradient.to(ScalarType.Float64),
            (x, w, b) => nn.functional.conv2d(x, w, b, padding: [1, 1]));

        private static IReadOnlyList<Tensor> Of(Tensor[] sources, Tensor gradient, Func<Tensor, Tensor, Tensor, Tensor> convolve)
        {
            Tensor[] of = [.. sources.Select(source => source.detach().requires_grad_())];
            Tensor value = convolve(of[0], of[1], of[2]);
            value.backward([gradient]);
            return [value.detach(), .. of.Select(source => source.grad!)];
        }
    }
}
