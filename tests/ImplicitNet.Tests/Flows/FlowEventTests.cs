using ImplicitNet.Flows;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

public sealed class FlowEventTests : TensorTest
{
    private static readonly PidController Fine = new() { RelativeTolerance = 1e-12, AbsoluteTolerance = 1e-12 };

    public static TheoryData<string> Names => Tableaux.Names;

    [Theory]
    [InlineData(Crossing.Any, Math.PI / 6)]
    [InlineData(Crossing.Rising, Math.PI / 6)]
    [InlineData(Crossing.Falling, 5 * Math.PI / 6)]
    public void A_sine_passes_one_half_rising_and_then_falling(Crossing crossing, double time)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, _) => t.cos());
        using Tensor start = zeros(1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.Between(0, 10), steps: Fine, terminal: new FlowEvent(u => u - 0.5) { Crossing = crossing });
        AssertEvent(flow, 0, time, 0.5);
    }

    [Theory]
    [InlineData(Crossing.Any, 5 * Math.PI / 6)]
    [InlineData(Crossing.Rising, 5 * Math.PI / 6)]
    [InlineData(Crossing.Falling, Math.PI / 6)]
    public void Backward_a_crossing_is_what_it_is_on_the_way(Crossing crossing, double time)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, _) => t.cos());
        using Tensor start = full(1, Math.Sin(4), ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.At(4, 3, -10), steps: Fine, terminal: new FlowEvent(u => u - 0.5) { Crossing = crossing });
        AssertEvent(flow, 0, time, 0.5);
        using Tensor states = flow.States.reshape(-1);
        double[] asked = [.. states.data<double>()];
        Assert.Equal(Math.Sin(3), asked[1], 1e-10);
        Assert.True(double.IsNaN(asked[2]));
    }

    [Fact]
    public void A_number_that_is_0_at_the_start_is_no_event()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, _) => t.cos());
        using Tensor start = zeros(1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.Between(0, 10), steps: Fine, terminal: new FlowEvent(u => u));
        AssertEvent(flow, 0, Math.PI, 0);
    }

    [Theory]
    [InlineData(Crossing.Any, 0.3)]
    [InlineData(Crossing.Falling, 0.3)]
    [InlineData(Crossing.Rising, 0.6)]
    public void Of_two_crossings_in_one_step_the_first_that_counts_is_taken(Crossing crossing, double time)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => ones_like(u));
        using Tensor start = zeros(1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.Between(0, 1), steps: new PidController { FirstStep = 1 },
            terminal: new FlowEvent(u => (u - 0.3) * (u - 0.6)) { Crossing = crossing });
        AssertEvent(flow, 0, time, time);
        Assert.Equal(1, flow.Report.Samples[0].Steps);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_method_ends_at_the_event_by_a_step_of_its_own(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        // Straight lines are exact for all of them, and the time of the event is 1 / slope.
        Tensor slopes = linspace(0.5, 3, 40, ScalarType.Float64), start = zeros(40, ScalarType.Float64);
        using PerSampleField field = new((_, u, inputs) => inputs.PerSample[0] + (0 * u), new MapInputs { PerSample = [slopes.alias()] });
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.At(0, 0.25, 1.5), new ExplicitRungeKutta(Tableaux.Of(name)), new FixedSteps(7),
            new FlowEvent((t, u, inputs) => u - 1 + (0 * t * inputs.PerSample[0])) { Crossing = Crossing.Rising });
        Tensor quarter = flow.States[1], last = flow.States[2];
        for (int sample = 0; sample < 40; sample++)
        {
            double slope = slopes[sample].item<double>();
            bool isThere = slope * 1.5 >= 1;
            Assert.Equal(isThere ? FlowStatus.EventReached : FlowStatus.Completed, flow.Report.Samples[sample].Status);
            Assert.Equal(isThere ? 1 / slope : 1.5, flow.Report.Samples[sample].Time, 1e-13);
            Assert.Equal(isThere ? 1 : 1.5 * slope, flow.State[sample].item<double>(), 1e-13);
            Assert.Equal(0.25 * slope, quarter[sample].item<double>(), 1e-13);
            Assert.Equal(isThere, double.IsNaN(last[sample].item<double>()));
        }
    }

    [Fact]
    public void Where_a_number_only_touches_0_an_event_that_is_reported_is_one()
    {
        using DisposeScope scope = NewDisposeScope();
        // cos t + 1 - depth has two roots near pi, a double one, or none: by the tolerance it may be taken for any of these.
        double[] depths =
        [
            0, .. Enumerable.Range(0, 40).SelectMany(i => (double[])[Math.Pow(10, -14 + (i / 4.0)), -Math.Pow(10, -14 + (i / 4.0))]),
        ];
        Tensor depth = tensor(depths), start = tensor(new[] { 1.0, 0 }).expand(depths.Length, 2);
        foreach (double tolerance in (double[])[1e-4, 1e-6, 1e-9])
        {
            using PerSampleField field = new(
                (_, u, _) => stack([u[.., 1], -u[.., 0]], 1), new MapInputs { PerSample = [depth.alias()] });
            using FlowSolution flow = Flow.Solve(
                field, start, FlowTimes.Between(0, 5), steps: new PidController { RelativeTolerance = tolerance },
                terminal: new FlowEvent((_, u, inputs) => u[.., 0] + 1 - inputs.PerSample[0]));
            Tensor left = (flow.State[.., 0] + 1 - depth).abs();
            for (int sample = 0; sample < depths.Length; sample++)
            {
                FlowSampleReport report = flow.Report.Samples[sample];
                string found = $"depth {depths[sample]}, tolerance {tolerance}: {report}, {left[sample].item<double>()} left";
                Assert.True(report.HasSucceeded, found);
                if (report.Status == FlowStatus.EventReached)
                {
                    Assert.True(left[sample].item<double>() < 1e-13, found);
                    Assert.True(Math.Abs(1 + Math.Cos(report.Time) - depths[sample]) < 300 * tolerance, found);
                }
                else
                {
                    // What comes and goes within a quarter of a step is not seen.
                    Assert.True(depths[sample] < 5e-3, found);
                }
            }
        }
    }

    [Theory]
    [InlineData("cubic", 1e-5)]
    [InlineData("jump", 1e-12)]
    [InlineData("steep", 1e-12)]
    [InlineData("flat", 1e-12)]
    [InlineData("tiny", 1e-12)]
    public void A_number_of_any_shape_is_0_where_it_is_said_to_be(string shape, double within)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => ones_like(u));
        using Tensor start = zeros(1, ScalarType.Float64);
        FlowEvent terminal = new(u => shape switch
        {
            "cubic" => (u - 0.3).pow(3),
            "jump" => where(u < 0.3, -1.0, 1.0),
            "steep" => ((u - 0.3) * 1e4).tanh(),
            "flat" => ((u - 0.3) * 20).exp() - 1,
            _ => (u - 0.3) * 1e-200,
        });
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.Between(0, 2), terminal: terminal);
        Assert.Equal(FlowStatus.EventReached, flow.Report.Samples[0].Status);
        Assert.Equal(0.3, flow.Report.Samples[0].Time, within);
        Assert.Equal(0.3, flow.State.item<double>(), within);
    }

    [Fact]
    public void Float32_states_come_to_their_event_within_their_rounding()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => stack([u[.., 1], full_like(u[.., 1], -8)], 1));
        Tensor heights = linspace(5, 15, 100), start = stack([heights, zeros_like(heights)], 1);
        using FlowSolution fall = Flow.Solve(
            field, start, FlowTimes.Between(0, 10), terminal: new FlowEvent(u => u[.., 0]) { Crossing = Crossing.Falling });
        for (int ball = 0; ball < 100; ball++)
        {
            Assert.Equal(FlowStatus.EventReached, fall.Report.Samples[ball].Status);
            Assert.Equal(Math.Sqrt(heights[ball].item<float>() / 4), fall.Report.Samples[ball].Time, 1e-5);
        }
    }

    [Fact]
    public void An_event_in_a_coupled_field_is_one_for_the_whole_system()
    {
        using DisposeScope scope = NewDisposeScope();
        using CoupledField field = new((_, u) => u.flip(0) * 0 + 1);
        Tensor start = tensor(new[] { 0.0, 0.25, -1 }, [3, 1]);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.At(0, 0.5, 9),
            terminal: new FlowEvent((t, u, _) =>
            {
                Assert.Equal(2, u.ndim);
                Assert.Equal([3, 1], u.shape);
                Assert.Equal([3], t.shape);
                return (u.max() - 1).reshape(1);
            }));
        Assert.Equal(3, flow.Report.Count(FlowStatus.EventReached));
        Assert.All(flow.Report.Samples, sample => Assert.Equal(0.75, sample.Time, 1e-12));
        Assert.True((flow.State - (start + 0.75)).abs().max().ToDouble() < 1e-12);
        Assert.True((flow.States[1] - (start + 0.5)).abs().max().ToDouble() < 1e-12);
        Assert.True(flow.States[2].isnan().all().ToBoolean());
    }

    [Fact]
    public void An_event_that_is_not_reached_is_none_and_a_sample_that_fails_before_has_its_own_status()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => u * u);
        using Tensor start = tensor(new[] { 1.0, -1 });
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.Between(0, 2), terminal: new FlowEvent(u => u + 2));
        Assert.Equal([FlowStatus.StepTooSmall, FlowStatus.Completed], flow.Report.Samples.Select(sample => sample.Status));
    }

    [Fact]
    public void An_event_may_write_into_what_it_is_given()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = ones(2, 1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.Between(0, 3), steps: Fine,
            terminal: new FlowEvent((t, u, _) => u.sub_(0.5).squeeze(1) + t.mul_(0)));
        AssertEvent(flow, 1, Math.Log(2), 0.5);
    }

    [Fact]
    public void An_event_of_another_shape_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = ones(2, 3, ScalarType.Float64);
        foreach (Func<Tensor, Tensor> value in (Func<Tensor, Tensor>[])[u => u, u => u.sum(), u => u[.., 0].to(ScalarType.Int64), _ => null!])
        {
            Assert.Throws<ArgumentException>(() => Flow.Solve(field, start, FlowTimes.Between(0, 1), terminal: new FlowEvent(value)));
        }
    }

    [Theory]
    [InlineData(-0.5, 1)] // the steps cross later than the interpolant does
    [InlineData(-2.2, 0)] // the interpolant crosses, and no step does
    public void An_event_is_where_steps_cross_and_not_where_the_interpolant_does(double level, int events)
    {
        // One step of RK4 over a turn of u' = cos t: what is read off between is far from what a shorter step, Simpson's rule, gives.
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, _) => t.cos());
        using Tensor start = zeros(1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.Between(0, 2 * Math.PI), new ExplicitRungeKutta(ButcherTableau.RK4), new FixedSteps(1),
            new FlowEvent(u => u - level) { Crossing = Crossing.Falling });
        double[] interpolated = [.. Enumerable.Range(1, 3).Select(quarter =>
            2 * Math.PI * ButcherTableau.RK4.InterpolationAt(quarter / 4.0).Zip((double[])[1, -1, -1, 1], (weight, slope) => weight * slope).Sum())];
        Assert.Contains(interpolated, value => value < level);
        Assert.Contains(interpolated, value => value > level);
        Assert.Equal(events, flow.Report.Count(FlowStatus.EventReached));
        double time = flow.Report.Samples[0].Time;
        Assert.Equal(Simpson(time), flow.State.item<double>(), 1e-13);
        if (events > 0)
        {
            Assert.Equal(level, Simpson(time), 1e-12);
            Assert.True(Simpson(time - 1e-6) > level);
        }
        else
        {
            Assert.Equal(2 * Math.PI, time);
            Assert.True(Enumerable.Range(0, 1000).All(i => Simpson(2 * Math.PI * i / 1000) > level));
        }

        static double Simpson(double length) => length / 6 * (1 + (4 * Math.Cos(length / 2)) + Math.Cos(length));
    }

    [Fact]
    public void A_crossing_that_only_the_interpolant_had_hides_none_of_a_later_step()
    {
        // As above, two turns in two steps: the second comes to the level that the first did not.
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, _) => t.cos());
        using Tensor start = zeros(1, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.Between(0, 4 * Math.PI), new ExplicitRungeKutta(ButcherTableau.RK4), new FixedSteps(2),
            new FlowEvent(u => u + 2.2) { Crossing = Crossing.Falling });
        Assert.Equal(FlowStatus.EventReached, flow.Report.Samples[0].Status);
        Assert.InRange(flow.Report.Samples[0].Time, 2 * Math.PI, 4 * Math.PI);
        Assert.Equal(-2.2, flow.State.item<double>(), 1e-12);
    }

    private static void AssertEvent(FlowSolution flow, int sample, double time, double state)
    {
        Assert.Equal(FlowStatus.EventReached, flow.Report.Samples[sample].Status);
        Assert.Equal(time, flow.Report.Samples[sample].Time, 1e-10);
        using Tensor states = flow.State.reshape(-1);
        Assert.Equal(state, states.data<double>().ToArray()[sample], 1e-10);
    }
}
