using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Networks;

/// <summary>A scope reaches the layers deep inside any model, and changes nothing that it is not told to.</summary>
public sealed class SolveScopeTests : TensorTest
{
    [Fact]
    public void Two_layers_in_a_sequential_are_told_in_their_order_and_keep_their_bits()
    {
        using DisposeScope outer = NewDisposeScope();
        (nn.Module<Tensor, Tensor> model, ImplicitLayer first, ImplicitLayer second) = Model(1);
        using nn.Module<Tensor, Tensor> owned = model;
        Tensor data = randn(3, 4);
        byte[] alone = Gradients(model, data);
        using SolveScope scope = new();
        Assert.Equal(alone, Gradients(model, data));
        Assert.Equal([first, second], scope.Solves.Select(solve => solve.Layer));
        Assert.Equal([first.Settings, second.Settings], scope.Solves.Select(solve => solve.Settings));
        Assert.All(scope.Solves, solve => Assert.Equal((3, 1), (solve.Report.Samples.Count, solve.Gradient.Passes)));
        Assert.All(scope.Solves, solve => Assert.True(solve.Included.SequenceEqual([true, true, true]) && !solve.Latent.requires_grad && solve.Penalties is null));
        using FixedPointMap map = first.Operator.Bind(model.named_children().First().module is nn.Module<Tensor, Tensor> encoder ? encoder.call(data) : data);
        Assert.InRange((map.Evaluate(scope.Solves[0].Latent) - scope.Solves[0].Latent).abs().max().ToDouble(), 0, 1e-3);
    }

    [Fact]
    public void Settings_pass_from_the_outer_scope_to_the_inner_and_all_are_told()
    {
        using DisposeScope scope = NewDisposeScope();
        (nn.Module<Tensor, Tensor> model, ImplicitLayer first, _) = Model(2);
        using nn.Module<Tensor, Tensor> owned = model;
        Tensor data = randn(3, 4);
        SolveSettings before = first.Settings;
        using SolveScope outer = new(settings => settings with { Solver = new AndersonSolver(), Stopping = new StoppingRule { MaxSteps = 7 }, OnFailure = new MaskFailures() });
        model.call(data).Dispose();
        using (SolveScope inner = new(settings => settings with { Stopping = new StoppingRule { MaxSteps = settings.Stopping.MaxSteps + 1 } }))
        {
            model.call(data).Dispose();
            Assert.Equal(2, inner.Solves.Count);
            Assert.All(inner.Solves, solve => Assert.Equal((new AndersonSolver(), 8), (solve.Settings.Solver, solve.Settings.Stopping.MaxSteps)));
        }

        model.call(data).Dispose();
        Assert.Equal([7, 7, 8, 8, 7, 7], outer.Solves.Select(solve => solve.Settings.Stopping.MaxSteps));
        Assert.Same(before, first.Settings);
    }

    [Fact]
    public void A_start_is_asked_for_by_the_number_of_the_solve_and_the_inner_scope_has_the_last_word()
    {
        using DisposeScope scope = NewDisposeScope();
        (nn.Module<Tensor, Tensor> model, _, _) = Model(3);
        using nn.Module<Tensor, Tensor> owned = model;
        Tensor data = randn(3, 4);
        using SolveScope plain = new();
        model.call(data).Dispose();
        List<int> asked = [];
        using SolveScope outer = new(start: number =>
        {
            asked.Add(number);
            return StartingPoint.From(_ => plain.Solves[number].Latent);
        });
        model.call(data).Dispose();
        Assert.Equal([0, 1], asked);
        Assert.All(outer.Solves, solve => Assert.Equal(1, solve.Report.MaxSteps));
        using SolveScope inner = new(start: number => number == 0 ? StartingPoint.Zero : null);
        model.call(data).Dispose();
        Assert.True(inner.Solves[0].Report.MaxSteps > 1);
    }

    [Fact]
    public void Settings_of_flows_pass_from_the_outer_scope_to_the_inner()
    {
        using DisposeScope disposing = NewDisposeScope();
        using FlowLayer layer = new(nn.Linear(2, 2));
        using SolveScope outer = new(flowSettings: settings => settings with { Steps = new FixedSteps(3), Gradient = new TruncatedAdjoint() });
        using SolveScope inner = new(flowSettings: settings => settings with { Steps = new FixedSteps(((FixedSteps)settings.Steps).Count + 2) });
        layer.call(ones(4, 2)).Dispose();
        foreach (SolveScope scope in (SolveScope[])[outer, inner])
        {
            FlowSettings used = Assert.Single(scope.Flows).Settings;
            Assert.Equal((5, new TruncatedAdjoint()), (((FixedSteps)used.Steps).Count, used.Gradient));
            Assert.All(scope.Flows[0].Report.Samples, sample => Assert.Equal(5, sample.Steps));
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_flow_is_cancelled_within_its_steps_by_the_token_of_any_scope_or_of_its_call(bool isOuter, bool hasOwn)
    {
        using DisposeScope disposing = NewDisposeScope();
        using CancellationTokenSource outer = new(), inner = new(), own = new();
        int evaluations = 0;
        using PerSampleField field = new((_, u) =>
        {
            if (++evaluations == 20)
            {
                (isOuter ? outer : inner).Cancel();
            }

            return -u;
        });
        FlowSettings settings = new() { Steps = new FixedSteps(1000) };
        using (SolveScope around = new(cancellation: outer.Token))
        using (SolveScope within = new(cancellation: inner.Token))
        {
            Assert.Throws<OperationCanceledException>(() => Implicit.Flow(
                field, ones(2, 1), FlowTimes.Between(0, 1), settings, cancellation: hasOwn ? own.Token : default));
            Assert.InRange(evaluations, 20, 30);
            Assert.Empty(around.Flows);
        }

        using FlowResult after = Implicit.Flow(field, ones(2, 1), FlowTimes.Between(0, 1), settings);
        Assert.True(after.Report.AllSucceeded);
    }

    [Fact]
    public void A_penalty_is_estimated_for_every_layer_and_trains_its_weights()
    {
        using DisposeScope scope = NewDisposeScope();
        (nn.Module<Tensor, Tensor> model, _, ImplicitLayer second) = Model(4);
        using nn.Module<Tensor, Tensor> owned = model;
        using SolveScope penalised = new(penalty: new JacobianPenalty());
        model.call(randn(3, 4)).Dispose();
        Assert.All(penalised.Solves, solve => Assert.Equal([3L], solve.Penalties!.shape));
        penalised.Solves[1].Penalties!.sum().backward();
        Assert.True(second.parameters().First().grad!.abs().max().ToDouble() > 0);
        using IDisposable noGraph = no_grad();
        model.call(randn(3, 4)).Dispose();
        Assert.Null(penalised.Solves[2].Penalties);
    }

    [Fact]
    public void Any_of_several_tokens_cancels()
    {
        using DisposeScope scope = NewDisposeScope();
        (nn.Module<Tensor, Tensor> model, ImplicitLayer first, _) = Model(5);
        using nn.Module<Tensor, Tensor> owned = model;
        Tensor data = randn(3, 4);
        for (int cancelled = 0; cancelled < 3; cancelled++)
        {
            CancellationTokenSource[] sources = [new(), new(), new()];
            using SolveScope outer = new(cancellation: sources[0].Token);
            using SolveScope inner = new(cancellation: sources[1].Token);
            first.Run(randn(3, 5), cancellation: sources[2].Token).Dispose();
            sources[cancelled].Cancel();
            Assert.ThrowsAny<OperationCanceledException>(() => first.Run(randn(3, 5), cancellation: sources[2].Token));
            Assert.Single(inner.Solves);
            Array.ForEach(sources, source => source.Dispose());
        }
    }

    [Fact]
    public void A_disposed_scope_is_told_nothing_more_and_scopes_may_be_disposed_in_any_order()
    {
        using DisposeScope scope = NewDisposeScope();
        (nn.Module<Tensor, Tensor> model, _, _) = Model(6);
        using nn.Module<Tensor, Tensor> owned = model;
        Tensor data = randn(3, 4);
        using SolveScope outer = new();
        using SolveScope middle = new(settings => settings with { Stopping = new StoppingRule { MaxSteps = 77 } });
        using SolveScope inner = new();
        model.call(data).Dispose();
        middle.Dispose();
        middle.Dispose();
        model.call(data).Dispose();
        Assert.Equal((4, 2, 4), (outer.Solves.Count, middle.Solves.Count, inner.Solves.Count));
        Assert.Equal([77, 77, 100, 100], inner.Solves.Select(solve => solve.Settings.Stopping.MaxSteps));
        Assert.True(middle.Solves[0].Latent.IsInvalid && !outer.Solves[0].Latent.IsInvalid);
        Assert.Equal(3, middle.Solves[0].Report.Samples.Count);
        inner.Dispose();
        model.call(data).Dispose();
        Assert.Equal((6, 4), (outer.Solves.Count, inner.Solves.Count));
    }

    [Fact]
    public void Excluded_samples_are_left_out_of_the_average_and_those_of_another_batch_leave_out_all()
    {
        using DisposeScope scope = NewDisposeScope();
        (nn.Module<Tensor, Tensor> model, ImplicitLayer first, _) = Model(7);
        using nn.Module<Tensor, Tensor> owned = model;
        Tensor data = randn(3, 5);
        data[1] = double.NaN;
        using SolveScope masked = new(settings => settings with { OnFailure = new MaskFailures() });
        first.call(data).Dispose();
        Assert.Equal([true, false, true], masked.Included(3));
        Assert.Equal(2, masked.Average(tensor([1f, float.NaN, 3f])).ToDouble());
        Assert.Equal([false, false], masked.Included(2));
        Assert.Equal(double.NaN, masked.Average(ones(2)).ToDouble());
        data[2] = double.NaN;
        first.call(data).Dispose();
        Assert.Equal([true, false, false], masked.Included(3));
        Assert.Throws<ArgumentException>(() => masked.Average(ones(3, 1)));
        Assert.Throws<ArgumentException>(() => masked.Average(ones(3, int64)));
        using SolveScope empty = new();
        Assert.Equal([true, true], empty.Included(2));
        first.call(randn(2, 5)).Dispose();
        Assert.Equal([true, true, true], empty.Included(3));
    }

    [Fact]
    public void A_solve_within_a_solve_is_no_solve_of_the_scope_going_forward_and_back()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(8);
        Inner module = new();
        using ImplicitLayer layer = new(new ModuleOperator(module)) { Gradient = new ImplicitGradient() };
        using SolveScope outside = new();
        layer.call(randn(3, 5)).sum().backward();
        Assert.Same(layer, Assert.Single(outside.Solves).Layer);
        Assert.True(outside.Solves[0].Gradient.Products > 0);
        Assert.True(module.Seen > 1);
    }

    [Fact]
    public void A_solve_that_throws_is_not_told_and_its_number_goes_to_the_next()
    {
        using DisposeScope scope = NewDisposeScope();
        (nn.Module<Tensor, Tensor> model, ImplicitLayer first, _) = Model(9);
        using nn.Module<Tensor, Tensor> owned = model;
        using SolveScope told = new();
        Assert.Throws<FixedPointException>(() => first.call(full(2, 5, double.NaN)));
        Assert.Empty(told.Solves);
        first.call(randn(2, 5)).Dispose();
        Assert.Single(told.Solves);
        using SolveScope bad = new(_ => null!);
        Assert.Contains("SolveScope", Assert.Throws<InvalidOperationException>(() => first.call(randn(2, 5))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Each_of_eight_threads_has_scopes_of_its_own()
    {
        const int Threads = 8;
        using DisposeScope scope = NewDisposeScope();
        (nn.Module<Tensor, Tensor> model, _, _) = Model(10);
        using nn.Module<Tensor, Tensor> owned = model;
        model.eval();
        Tensor[] data = [.. Enumerable.Range(0, Threads).Select(i => randn(i + 1, 4))];
        using SolveScope here = new(settings => settings with { Solver = new BroydenSolver() });
        string?[] faults = new string?[Threads];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(i => new Thread(() => faults[i] = Faults(model, data[i], i + 1)))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.All(faults, Assert.Null);
        Assert.Empty(here.Solves);
    }

    private static string? Faults(nn.Module<Tensor, Tensor> model, Tensor data, int count)
    {
        using DisposeScope scope = NewDisposeScope();
        for (int round = 0; round < 10; round++)
        {
            using SolveScope own = new(settings => settings with { Stopping = new StoppingRule { MaxSteps = 100 + count } });
            model.call(data).Dispose();
            if (own.Solves.Count != 2 || own.Solves.Any(solve => solve.Report.Samples.Count != count
                || solve.Settings.Stopping.MaxSteps != 100 + count || solve.Settings.Solver is not PicardSolver))
            {
                return $"Thread {count}: {string.Join("; ", own.Solves)}";
            }
        }

        return null;
    }

    private static (nn.Module<Tensor, Tensor> Model, ImplicitLayer First, ImplicitLayer Second) Model(int seed)
    {
        random.manual_seed(seed);
        ImplicitLayer first = new(new ContractionOperator(new BoundedLinear(5, 5), 0.7));
        ImplicitLayer second = new(new ContractionOperator(new BoundedLinear(5, 5), 0.5)) { Gradient = new NeumannGradient() };
        nn.Module<Tensor, Tensor> deep = nn.Sequential(("layer", second), ("head", nn.Linear(5, 2)));
        return (nn.Sequential(("encoder", nn.Linear(4, 5)), ("first", first), ("deep", deep)), first, second);
    }

    private static byte[] Gradients(nn.Module<Tensor, Tensor> model, Tensor data)
    {
        using DisposeScope scope = NewDisposeScope();
        model.zero_grad();
        Tensor output = model.call(data);
        output.square().sum().backward();
        return [.. model.parameters().Select(parameter => parameter.grad!).Append(output).SelectMany(each => each.contiguous().bytes.ToArray())];
    }

    /// <summary>A module with a layer of its own, and a scope that is opened in there.</summary>
    private sealed class Inner : nn.Module<Tensor, Tensor, Tensor>
    {
        [ComponentName(Name = "layer")]
        private readonly ImplicitLayer _layer = new(new ContractionOperator(new BoundedLinear(5, 5), 0.4)) { Gradient = new ImplicitGradient() };

        public Inner()
            : base(nameof(Inner)) => RegisterComponents();

        public int Seen { get; private set; }

        public override Tensor forward(Tensor u, Tensor q)
        {
            using SolveScope within = new();
            Tensor value = _layer.call((u * 0.3) + q);
            Seen += within.Solves.Count;
            return value;
        }
    }
}
