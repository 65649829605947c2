using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>A pass that fails inside the native library's call: NaN, told once, and then all is as before.</summary>
public sealed class BackwardFailureTests : TensorTest
{
    /// <summary>The gradients that evaluate the map again in the backward pass.</summary>
    public static TheoryData<string> Modes => ["neumann", "refined", "implicit", "unrolled", "two terms"];

    [Theory]
    [MemberData(nameof(Modes))]
    public void A_failure_is_told_once_by_the_next_call_and_then_the_layer_works_in_inference_and_training(string mode)
    {
        using DisposeScope scope = NewDisposeScope();
        Fragile fragile = new();
        using ImplicitLayer layer = Layer(fragile, mode);
        using Linear readout = nn.Linear(4, 1);
        Tensor q = randn(2, 4).requires_grad_();
        Tensor before = Gradient(() => readout.call(layer.call(q)).square().sum(), q);

        using ImplicitResult result = layer.Run(q);
        Tensor loss = readout.call(result.Output).square().sum();
        fragile.IsBroken = true;
        loss.backward();
        fragile.IsBroken = false;
        Assert.True(q.grad!.isnan().all().ToBoolean());
        Assert.Contains("sensor offline", result.Gradient.Failure!.Message, StringComparison.Ordinal);

        using (no_grad())
        {
            InvalidOperationException told = Assert.Throws<InvalidOperationException>(() => layer.call(q));
            Assert.Contains("sensor offline", told.Message, StringComparison.Ordinal);
            Assert.IsType<TimeoutException>(told.InnerException);
            layer.call(q);
        }

        q.grad = null;
        Tensor after = Gradient(() => readout.call(layer.call(q)).square().sum(), q);
        Assert.True(before.equal(after).all().ToBoolean());
    }

    [Fact]
    public void A_failure_of_an_earlier_call_is_told_after_a_later_one_too()
    {
        using DisposeScope scope = NewDisposeScope();
        Fragile fragile = new();
        using ImplicitLayer layer = Layer(fragile, "implicit");
        Tensor q = randn(2, 4).requires_grad_();
        Tensor first = layer.call(q).sum();
        using ImplicitResult later = layer.Run(q);
        Tensor second = later.Output.sum();
        fragile.IsBroken = true;
        first.backward();
        fragile.IsBroken = false;
        second.backward();
        Assert.Null(later.Gradient.Failure);
        Assert.Throws<InvalidOperationException>(() => layer.call(q));
        layer.call(q);
    }

    [Fact]
    public void One_that_asked_the_report_is_not_told_again()
    {
        using DisposeScope scope = NewDisposeScope();
        Fragile fragile = new();
        using ImplicitLayer layer = Layer(fragile, "implicit");
        Tensor q = randn(2, 4).requires_grad_();
        using ImplicitResult result = layer.Run(q);
        fragile.IsBroken = true;
        result.Output.sum().backward();
        fragile.IsBroken = false;
        Assert.Throws<InvalidOperationException>(result.Gradient.ThrowIfFailed);
        layer.call(q);
    }

    [Fact]
    public void A_layer_whose_backward_pass_failed_does_not_stop_another()
    {
        using DisposeScope scope = NewDisposeScope();
        Fragile fragile = new();
        using ImplicitLayer broken = Layer(fragile, "implicit");
        using ImplicitLayer sound = Layer(new Fragile(), "implicit");
        Tensor q = randn(2, 4).requires_grad_();
        Tensor loss = sound.call(broken.call(q)).sum();
        fragile.IsBroken = true;
        loss.backward();
        sound.call(q);
        Assert.Throws<InvalidOperationException>(() => broken.call(q));
    }

    /// <summary>Each pass begins two within it: libtorch's engine waits for ever where they nest too deeply.</summary>
    [Fact]
    public void A_pass_that_comes_back_to_itself_without_end_is_ended()
    {
        using DisposeScope scope = NewDisposeScope();
        GradientReport report = new(), later = new();
        int runs = 0;
        Run();
        Assert.Equal(32, runs);
        Assert.Contains("came back to itself", report.Failure!.Message, StringComparison.Ordinal);

        GradientHandover.Run(ones(1), later, 1, () => [ones(1)], () => [full(1, double.NaN)]);
        Assert.Null(later.Failure);

        void Run() => GradientHandover.Run(ones(1), report, 1, Backward, () => [full(1, double.NaN)]);

        Tensor?[] Backward()
        {
            runs++;
            Run();
            Run();
            return [ones(1)];
        }
    }

    private static Tensor Gradient(Func<Tensor> loss, Tensor q)
    {
        loss().backward();
        Tensor gradient = q.grad!;
        q.grad = null;
        return gradient;
    }

    private static ImplicitLayer Layer(Fragile fragile, string mode) => new(new ModuleOperator(fragile)) { Gradient = GradientCases.Get(mode) };

    private sealed class Fragile() : nn.Module<Tensor, Tensor, Tensor>(nameof(Fragile))
    {
        public bool IsBroken { get; set; }

        public override Tensor forward(Tensor u, Tensor q) => IsBroken ? throw new TimeoutException("sensor offline") : (u * 0.5).tanh() + q;
    }
}
