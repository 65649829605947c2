using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class FixedPointTests : TensorTest
{
    [Fact]
    public void A_map_that_changes_the_shape_is_refused_with_both_shapes()
    {
        using PerSampleMap map = new(u => u.slice(1, 0, 16, 1));
        using Tensor start = zeros(8, 32);
        ArgumentException exception = Assert.Throws<ArgumentException>(() => FixedPoint.Solve(map, start));
        Assert.Equal("The map must keep the shape of u. It was given [8, 32] and returned [8, 16].", exception.Message);
    }

    [Fact]
    public void A_map_that_changes_the_dtype_is_refused()
    {
        using PerSampleMap map = new(u => u.to(ScalarType.Float64));
        using Tensor start = zeros(8, 32);
        Assert.Contains("dtype", Assert.Throws<ArgumentException>(() => FixedPoint.Solve(map, start)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_without_a_batch_or_of_integers_is_refused()
    {
        using PerSampleMap map = new(u => u);
        using Tensor scalar = tensor(1.0);
        using Tensor integers = zeros(2, 2, ScalarType.Int64);
        Assert.Throws<ArgumentException>(() => FixedPoint.Solve(map, scalar));
        Assert.Throws<ArgumentException>(() => FixedPoint.Solve(map, integers));
    }

    [Fact]
    public void An_empty_batch_gives_an_empty_answer()
    {
        using PerSampleMap map = new(u => u * 0.5);
        using Tensor start = zeros(0, 3);
        using FixedPointSolution solution = FixedPoint.Solve(map, start);
        Assert.Equal([0, 3], solution.Latent.shape);
        Assert.Empty(solution.Report.Samples);
        Assert.True(solution.Report.AllConverged);
        Assert.Equal(0, solution.Report.Evaluations);
    }

    [Fact]
    public void A_map_may_return_its_argument_or_a_tensor_it_keeps()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor start = ones(2, 3);
        using PerSampleMap identity = new(u => u);
        using FixedPointSolution same = FixedPoint.Solve(identity, start);
        Assert.True(same.Report.AllConverged);

        using Tensor constant = full([2, 3], 4.0);
        using PerSampleMap kept = new((_, c) => c, constant);
        using FixedPointSolution solution = FixedPoint.Solve(kept, start);
        Assert.Equal(24, solution.Latent.sum().ToDouble());
        Assert.Equal(24, constant.sum().ToDouble());
        Assert.Equal(6, start.sum().ToDouble());
    }

    [Fact]
    public void The_start_is_left_as_it_was_and_no_graph_is_built()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor start = zeros(2, 3);
        using Tensor weight = full([1], 0.5).requires_grad_();
        using PerSampleMap map = new(u => (u * weight).add_(1));
        using FixedPointSolution solution = FixedPoint.Solve(map, start);
        Assert.False(solution.Latent.requires_grad);
        Assert.Equal(0, start.abs().sum().ToDouble());
        Assert.True(is_grad_enabled());
    }

    [Fact]
    public void Cancellation_is_seen_within_a_step_and_releases_everything()
    {
        using CancellationTokenSource source = new();
        int calls = 0;
        using PerSampleMap map = new(u =>
        {
            if (++calls == 5)
            {
                source.Cancel();
            }

            return u + 1;
        });
        using Tensor start = zeros(2, 3);
        Assert.Throws<OperationCanceledException>(() => FixedPoint.Solve(map, start, cancellation: source.Token));
        Assert.Equal(5, calls);
    }

    [Fact]
    public void A_map_that_throws_releases_everything()
    {
        int calls = 0;
        using PerSampleMap map = new(u => ++calls < 4 ? u + 1 : throw new TimeoutException("as asked"));
        using Tensor start = zeros(2, 3);
        Assert.Throws<TimeoutException>(() => FixedPoint.Solve(map, start));
    }

    [Fact]
    public void A_coupled_map_is_one_system_with_one_status()
    {
        // Every sample is pulled towards the batch's mean.
        using CoupledMap map = new(u => (u.mean([0], keepdim: true) * 0.5).expand_as(u) + 1);
        using Tensor start = rand([5, 3], ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start);
        Assert.Equal([5, 3], solution.Latent.shape);
        Assert.Single(solution.Report.Samples.Distinct());
        Assert.Equal(5 * solution.Report.MaxSteps, solution.Report.Evaluations);
        Assert.All(solution.Latent.data<double>(), value => Assert.Equal(2, value, 1e-7));
        Assert.Throws<InvalidOperationException>(() => map.Restrict(start));
    }

    [Fact]
    public void The_trace_tells_when_each_residual_was_known()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u =>
        {
            Thread.Sleep(2);
            return u * 0.5;
        });
        ResidualTrace trace = new();
        long begin = System.Diagnostics.Stopwatch.GetTimestamp();
        using FixedPointSolution solution = FixedPoint.Solve(map, ones(3, 1), stopping: new StoppingRule { AbsoluteTolerance = 1e-2 }, trace: trace);
        double elapsed = System.Diagnostics.Stopwatch.GetElapsedTime(begin).TotalSeconds;
        double[] times = [.. trace.Samples[0].Select(entry => entry.Seconds)];
        Assert.All(times.Zip(times.Skip(1)), pair => Assert.True(pair.Second - pair.First >= 1.5e-3));
        Assert.InRange(times[0], 1.5e-3, elapsed);
        Assert.InRange(times[^1], times[0], elapsed);
        Assert.Equal(times, trace.Samples[2].Select(entry => entry.Seconds));
    }

    [Fact]
    public void The_trace_holds_every_residual_of_every_sample_until_it_finished()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new((u, q) => (u * q) + 1, tensor(new double[,] { { 0.5 }, { 0.9 } }));
        ResidualTrace trace = new();
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 1, ScalarType.Float64), stopping: new StoppingRule { AbsoluteTolerance = 1e-4 }, trace: trace);
        Assert.Equal(2, trace.Samples.Count);
        for (int sample = 0; sample < 2; sample++)
        {
            double factor = sample == 0 ? 0.5 : 0.9;
            Assert.Equal(solution.Report.Samples[sample].Steps, trace.Samples[sample].Count);
            Assert.All(trace.Samples[sample].Index(), entry => Assert.Equal(Math.Pow(factor, entry.Index), entry.Item.Residual, 1e-12));
            Assert.True(trace.Samples[sample][^1].Ratio <= 1);
            Assert.True(trace.Samples[sample][^2].Ratio > 1);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Either_memory_layout_gives_the_same_answer_in_logical_order(bool channelsLast)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        Tensor q = rand(6, 4, 5, 3);
        Tensor layout = channelsLast ? q.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : q;
        using PerSampleMap map = new((u, x) => (u * x).cos(), layout);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros(6, 4, 5, 3), stopping: new StoppingRule { RelativeTolerance = 1e-6 });
        using FixedPointSolution plain = FixedPoint.Solve(new PerSampleMap((u, x) => (u * x).cos(), q), zeros(6, 4, 5, 3), stopping: new StoppingRule { RelativeTolerance = 1e-6 });
        Assert.True(solution.Report.AllConverged);
        Assert.True((solution.Latent - plain.Latent).abs().max().ToDouble() < 1e-6);
        Assert.True((map.Evaluate(solution.Latent) - solution.Latent).abs().max().ToDouble() < 1e-5);
    }
}
