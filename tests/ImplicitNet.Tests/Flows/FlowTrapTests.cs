using ImplicitNet.Flows;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

/// <summary>What flows elsewhere stumble over: starts, times and states at the edge of what there is.</summary>
public sealed class FlowTrapTests : TensorTest
{
    private static readonly FlowTimes UnitTime = FlowTimes.Between(0, 1);

    public static TheoryData<string> WithError => Tableaux.WithError;

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_field_that_is_not_finite_at_the_start_ends_there(double value)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, u) => (u * 0) + where(t < 0.5, value, 1).unsqueeze(1));
        using Tensor start = ones(2, 3, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(field, start, UnitTime);
        Assert.All(flow.Report.Samples, sample => Assert.Equal((FlowStatus.NonFinite, 0, 0.0), (sample.Status, sample.Steps, sample.Time)));
        Assert.True(flow.State.equal(start).all().ToBoolean());
        Assert.Contains("NaN or infinite", flow.Report.ToString(), StringComparison.Ordinal);
        Assert.Throws<FlowException>(flow.Report.ThrowIfFailed);
    }

    [Fact]
    public void Fixed_steps_end_as_not_finite_where_the_state_is_no_longer()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, u) => where((t < 0.35).unsqueeze(1), u, u * double.NaN));
        using Tensor start = ones(1, 1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.At(0, 0.1, 0.9, 1), new ExplicitRungeKutta(ButcherTableau.RK4), new FixedSteps(10));
        Assert.Equal(FlowStatus.NonFinite, flow.Report.Samples[0].Status);
        Assert.Equal(0.3, flow.Report.Samples[0].Time, 1e-15);
        Assert.Equal(Math.Exp(0.3), flow.State.item<double>(), 1e-6);
        using Tensor states = flow.States.reshape(-1);
        double[] asked = [.. states.data<double>()];
        Assert.Equal(Math.Exp(0.1), asked[1], 1e-6);
        Assert.True(double.IsNaN(asked[2]) && double.IsNaN(asked[3]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void A_field_that_is_NaN_beyond_a_state_is_followed_up_to_it(double from)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => (2 - u).sqrt() - (2 - u).sqrt() + 1);
        using Tensor start = tensor(new[] { 1.0, 0.5 }, [2, 1]);
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.Between(from, from + 10));
        for (int sample = 0; sample < 2; sample++)
        {
            Assert.Equal(FlowStatus.NonFinite, flow.Report.Samples[sample].Status);
            Assert.Equal(from + (sample == 0 ? 1 : 1.5), flow.Report.Samples[sample].Time, 1e-9);
        }

        Assert.True((flow.State - 2).abs().max().ToDouble() < 1e-9);
    }

    [Fact]
    public void A_field_that_is_NaN_everywhere_but_at_the_start_ends_after_few_steps()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, u) => where((t > 0).unsqueeze(1), u * double.NaN, u));
        using Tensor start = ones(1, 1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(field, start, UnitTime);
        Assert.Equal((FlowStatus.NonFinite, 0.0), (flow.Report.Samples[0].Status, flow.Report.Samples[0].Time));
        Assert.True(flow.Report.Samples[0].Steps < 600, flow.Report.ToString());
    }

    [Fact]
    public void A_sample_with_an_infinite_start_ends_there_and_its_neighbours_do_not()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = tensor(new[] { 1, double.PositiveInfinity, double.NaN, 2 }, [4, 1]);
        using FlowSolution flow = Flow.Solve(field, start, UnitTime);
        Assert.Equal(
            [FlowStatus.Completed, FlowStatus.NonFinite, FlowStatus.NonFinite, FlowStatus.Completed],
            flow.Report.Samples.Select(sample => sample.Status));
        using Tensor ends = flow.State.reshape(-1);
        double[] end = [.. ends.data<double>()];
        Assert.Equal(Math.Exp(-1), end[0], 1e-5);
        Assert.Equal(double.PositiveInfinity, end[1]);
        Assert.Equal(2 * Math.Exp(-1), end[3], 1e-5);
    }

    [Theory]
    [MemberData(nameof(WithError))]
    public void Float32_states_end_at_float64_times_to_the_bit(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        // 0.1 is no float32 number; a clock of float32 would also lose 1e-4 of the period at 1,000.
        const double End = 1000.1;
        using PerSampleField field = new((_, u) => stack([u[.., 1], -u[.., 0]], 1));
        using Tensor start = tensor(new[] { 1f, 0f }, [1, 2]);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.Between(1000, End), new ExplicitRungeKutta(Tableaux.Of(name)),
            new PidController { RelativeTolerance = 1e-5, LargestStep = 1e-3 });
        Assert.Equal((FlowStatus.Completed, End), (flow.Report.Samples[0].Status, flow.Report.Samples[0].Time));
        Assert.Equal(ScalarType.Float32, flow.State.dtype);
        Assert.Equal(Math.Cos(End - 1000), flow.State[0, 0].item<float>(), 1e-5);
    }

    [Fact]
    public void The_end_is_reached_exactly_and_no_step_is_a_sliver()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (double end in (double[])[1 / 3.0, 0.7, Math.PI, 1e-7, 1e6 / 7])
        {
            using PerSampleField field = new((t, u) => (t / end).cos().unsqueeze(1).expand(u.shape) / end);
            using Tensor start = zeros(1, 1, ScalarType.Float64);
            FlowTrace trace = new();
            using FlowSolution flow = Flow.Solve(field, start, FlowTimes.Between(0, end), trace: trace);
            Assert.Equal((FlowStatus.Completed, end), (flow.Report.Samples[0].Status, flow.Report.Samples[0].Time));
            Assert.Equal(Math.Sin(1), flow.State.item<double>(), 1e-6);
            double[] taken = [.. trace.Entries.Where(entry => entry.IsAccepted).Select(entry => entry.Size)];
            Assert.True(taken[^1] > 1e-3 * taken[^2], $"{taken[^2]} {taken[^1]}");
            Assert.Equal(end, taken.Sum(), 1e-14 * end);
        }
    }

    [Fact]
    public void A_flow_of_no_length_is_its_start_and_costs_two_evaluations_at_most()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = tensor(new[] { 1.0, 2 }, [2, 1]);
        foreach (FlowTimes times in (FlowTimes[])[FlowTimes.Between(3, 3), FlowTimes.At(3, 3, 3)])
        {
            using FlowSolution flow = Flow.Solve(field, start, times);
            Assert.All(flow.Report.Samples, sample => Assert.Equal((FlowStatus.Completed, 0, 3.0), (sample.Status, sample.Steps, sample.Time)));
            Assert.True(flow.State.equal(start).all().ToBoolean());
            Assert.Equal([times.Count, 2, 1], flow.States.shape);
            Assert.True(flow.States.equal(start.unsqueeze(0)).all().ToBoolean());
            Assert.True(flow.Report.Evaluations <= 4);
        }
    }

    [Theory]
    [MemberData(nameof(WithError))]
    public void A_flow_goes_backward(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, u) => u * t.unsqueeze(1));
        using Tensor start = ones(2, 1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.At(2, 1.5, 0.5, -1), new ExplicitRungeKutta(Tableaux.Of(name)),
            new PidController { RelativeTolerance = 1e-8, MaxSteps = 100_000 });
        Assert.True(flow.Report.AllSucceeded);
        using Tensor states = flow.States[.., 0, 0].contiguous();
        double[] asked = [.. states.data<double>()];
        Assert.All(
            ((double[])[2, 1.5, 0.5, -1]).Zip(asked),
            pair => Assert.Equal(Math.Exp(((pair.First * pair.First) - 4) / 2), pair.Second, 1e-7));
    }

    [Fact]
    public void A_field_of_zeros_takes_few_steps_and_changes_nothing()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => zeros_like(u));
        foreach ((double from, double to) in ((double, double)[])[(0, 1), (0, 1e9), (1e9, 1e9 + 1), (0, -1e-9)])
        {
            using Tensor start = tensor(new[] { 1.0, 0, -7 }, [3, 1]);
            using FlowSolution flow = Flow.Solve(field, start, FlowTimes.Between(from, to));
            Assert.True(flow.Report.AllSucceeded, flow.Report.ToString());
            Assert.True(flow.State.equal(start).all().ToBoolean());
            Assert.True(flow.Report.MeanSteps <= 20, $"{from} {to} {flow.Report}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_empty_batch_has_a_solution(bool isPerSample)
    {
        using DisposeScope scope = NewDisposeScope();
        using VectorField field = isPerSample ? new PerSampleField((_, u) => -u) : new CoupledField((_, u) => -u);
        using Tensor start = zeros(0, 3, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.At(0, 0.5, 1), terminal: new FlowEvent(u => u[.., 0]));
        Assert.True(flow.Report.AllSucceeded);
        Assert.Equal([0, 3], flow.State.shape);
        Assert.Equal([3, 0, 3], flow.States.shape);
        Assert.Equal(0, flow.Report.Evaluations);
    }

    [Fact]
    public void An_empty_batch_may_have_times_of_its_own()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = zeros(0, 3, ScalarType.Float64), times = zeros(0, 4, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.Of(times));
        Assert.Equal([4, 0, 3], flow.States.shape);
    }

    [Fact]
    public void States_without_numbers_come_to_their_end()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = zeros(2, 0, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.At(0, 0.5, 1));
        Assert.True(flow.Report.AllSucceeded);
        Assert.Equal([3, 2, 0], flow.States.shape);
    }

    [Fact]
    public void Samples_that_finish_in_the_first_round_leave_the_others_alone()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor rates = tensor(new[] { 0.0, 1, 0, 3 });
        using PerSampleField field = new((_, u, inputs) => -u * inputs.PerSample[0], new MapInputs { PerSample = [rates] });
        using Tensor start = ones(4, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(field, start, UnitTime, steps: new PidController { FirstStep = 1, RelativeTolerance = 1e-9 });
        Assert.Equal([1, 1], [flow.Report.Samples[0].Steps, flow.Report.Samples[2].Steps]);
        Assert.True(flow.Report.Samples[1].Steps > 5 && flow.Report.Samples[3].Steps > flow.Report.Samples[1].Steps);
        double[] end = [.. flow.State.data<double>()];
        Assert.All(((double[])[1, Math.Exp(-1), 1, Math.Exp(-3)]).Zip(end), pair => Assert.Equal(pair.First, pair.Second, 1e-8));
    }

    [Fact]
    public void Samples_go_in_both_directions_and_for_different_times_in_one_batch()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, u) => u * t.cos());
        using Tensor start = ones(5, ScalarType.Float64);
        using Tensor times = tensor(new[] { 0, 1, 2.0, 0, -1, -2, 5, 5, 5, 3, 3, 2.5, -4, 8, 8 }, [5, 3]);
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.Of(times), steps: new PidController { RelativeTolerance = 1e-9 });
        Assert.True(flow.Report.AllSucceeded);
        Tensor exact = (times.sin() - times[.., ..1].sin()).exp();
        Assert.True((flow.States.t() - exact).abs().max().ToDouble() < 1e-6);
        Assert.Equal([2, -2, 5, 2.5, 8], flow.Report.Samples.Select(sample => sample.Time));
    }

    [Fact]
    public void Times_that_are_asked_for_twice_have_the_same_state()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = ones(1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.At(0, 0, 0.3, 0.3, 1, 1), steps: new PidController { RelativeTolerance = 1e-9 });
        using Tensor states = flow.States.reshape(-1);
        double[] asked = [.. states.data<double>()];
        Assert.Equal((asked[0], asked[2], asked[4]), (asked[1], asked[3], asked[5]));
        Assert.Equal((1, Math.Exp(-0.3), Math.Exp(-1)), (asked[0], asked[2], asked[4]), (one, other) =>
            Math.Abs(one.Item1 - other.Item1) + Math.Abs(one.Item2 - other.Item2) + Math.Abs(one.Item3 - other.Item3) < 1e-7);
    }

    [Fact]
    public void Times_asked_for_change_no_step()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, u) => u * t.cos());
        using Tensor start = ones(1, ScalarType.Float64);
        using FlowSolution few = Flow.Solve(field, start, FlowTimes.Between(0, 5));
        using FlowSolution many = Flow.Solve(field, start, FlowTimes.At([.. Enumerable.Range(0, 501).Select(i => i * 0.01)]));
        Assert.Equal(few.Report.Samples[0], many.Report.Samples[0]);
        Assert.Equal(few.Report.Evaluations, many.Report.Evaluations);
        Assert.Equal(few.State.item<double>(), many.State.item<double>());
    }

    [Fact]
    public void The_limit_of_steps_returns_the_last_state()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = ones(1, 1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.Between(0, 100), steps: new PidController { MaxSteps = 12, RelativeTolerance = 1e-8 });
        FlowSampleReport sample = flow.Report.Samples[0];
        Assert.Equal((FlowStatus.MaxStepsReached, 12), (sample.Status, sample.Steps));
        Assert.InRange(sample.Time, 0.1, 99);
        Assert.Equal(Math.Exp(-sample.Time), flow.State.item<double>(), 1e-6);
        Assert.Contains("Raise MaxSteps", flow.Report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pole_is_not_stepped_over()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => u * u);
        using Tensor start = ones(1, 1, ScalarType.Float64);
        foreach (string name in Tableaux.All.Where(tableau => tableau.HasError).Select(tableau => tableau.Name))
        {
            using FlowSolution flow = Flow.Solve(
                field, start, FlowTimes.Between(0, 3), new ExplicitRungeKutta(Tableaux.Of(name)), new PidController { MaxSteps = 100_000 });
            Assert.Equal(FlowStatus.StepTooSmall, flow.Report.Samples[0].Status);
            Assert.Equal(1, flow.Report.Samples[0].Time, 1e-3);
        }
    }
}
