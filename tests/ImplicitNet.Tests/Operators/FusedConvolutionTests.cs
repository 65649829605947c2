using ImplicitNet.Kernels.Winograd;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Operators;

/// <summary>On every processor, not only where it is faster than torch's convolution and so used.</summary>
public sealed class FusedConvolutionTests : TensorTest
{
    private const double Slope = 0.1;

    [Fact]
    public void It_is_used_where_it_is_faster_and_nowhere_else()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        (Tensor u, Tensor q, Tensor weight) = (Draw(2, 16), Draw(2, 16), ones(16, 16, 3, 3));
        Assert.Equal(WinogradConvolution.IsFaster, new FusedConvolution().TryApply(u, weight, q, Slope) is not null);
        using (WinogradConvolution.Prefer())
        {
            Assert.NotNull(new FusedConvolution().TryApply(u, weight, q, Slope));
        }

        Assert.Equal(WinogradConvolution.IsFaster, WinogradConvolution.IsUsed);
    }

    [Fact]
    public void It_gives_what_the_parts_give()
    {
        using IDisposable used = WinogradConvolution.Prefer();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        random.manual_seed(1);
        FusedConvolution fused = new();
        for (int weights = 0; weights < 2; weights++)
        {
            (Tensor u, Tensor q, Tensor weight) = (Draw(5, 32), Draw(5, 32), randn(32, 32, 3, 3));
            Tensor? result = fused.TryApply(u, weight, q, Slope);
            Assert.NotNull(result);
            Assert.Equal(u.stride(), result.stride());
            Assert.InRange(((result - Parts(u, weight, q)).norm() / q.norm()).ToDouble(), 0, 2e-5);
        }
    }

    [Fact]
    public void A_weight_that_was_written_to_is_another_weight()
    {
        using IDisposable used = WinogradConvolution.Prefer();
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGraph = no_grad();
        FusedConvolution fused = new();
        (Tensor u, Tensor q, Tensor weight) = (Draw(2, 16), Draw(2, 16), ones(16, 16, 3, 3));
        fused.TryApply(u, weight, q, Slope);
        weight[0, 0, 0, 0] = 100;
        Tensor? result = fused.TryApply(u, weight, q, Slope);
        Assert.NotNull(result);
        Assert.InRange((result - Parts(u, weight, q)).abs().max().ToDouble(), 0, 1e-2);
    }

    [Fact]
    public void What_it_is_not_for_is_left_to_torch()
    {
        using IDisposable used = WinogradConvolution.Prefer();
        using DisposeScope scope = NewDisposeScope();
        FusedConvolution fused = new();
        (Tensor u, Tensor q, Tensor weight) = (Draw(2, 16), Draw(2, 16), ones(16, 16, 3, 3));
        Assert.Null(fused.TryApply(u, weight, q, Slope));
        using IDisposable noGraph = no_grad();
        Assert.NotNull(fused.TryApply(u, weight, q, Slope));
        Assert.Null(fused.TryApply(u.contiguous(), weight, q, Slope));
        Assert.Null(fused.TryApply(u, weight, q.contiguous(), Slope));
        Assert.Null(fused.TryApply(u, weight, q.narrow(0, 0, 1), Slope));
        Assert.Null(fused.TryApply(u, ones(16, 16, 5, 5), q, Slope));
        Assert.Null(fused.TryApply(u, ones(32, 16, 3, 3), q, Slope));
        Assert.Null(fused.TryApply(u.to(ScalarType.Float64), weight.to(ScalarType.Float64), q.to(ScalarType.Float64), Slope));
    }

    [Fact]
    public void A_solve_ends_at_the_fixed_point_of_the_map_that_is_differentiated()
    {
        using IDisposable used = WinogradConvolution.Prefer();
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        using ContractionOperator latentOperator = new(new BoundedConvolution(32, 32, 3, (9, 9)), 0.9);
        Tensor q = Draw(7, 32);
        using FixedPointMap map = latentOperator.Bind(q);
        using FixedPointSolution solution = FixedPoint.Solve(map, latentOperator.StartingLatent(q), stopping: new StoppingRule { RelativeTolerance = 1e-6, MaxSteps = 300 });
        Assert.True(solution.Report.AllConverged);
        using IDisposable graph = enable_grad();
        Tensor attached = map.Evaluate(solution.Latent);
        Assert.InRange(((attached - solution.Latent).norm() / solution.Latent.norm()).ToDouble(), 0, 3e-6);
    }

    private static Tensor Draw(long batch, long channels) => randn(batch, 9, 9, channels).permute(0, 3, 1, 2);

    private static Tensor Parts(Tensor u, Tensor weight, Tensor q) => nn.functional.leaky_relu(nn.functional.conv2d(u, weight, padding: [1, 1]) + q, Slope);
}
