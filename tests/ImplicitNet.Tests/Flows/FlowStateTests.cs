using ImplicitNet.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

/// <summary>States of every dtype, shape, layout and size.</summary>
public sealed class FlowStateTests : TensorTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void No_step_is_longer_than_the_longest_that_is_allowed(int direction)
    {
        // Lengths of which a rest is left that is a little longer than a step, and some where none is.
        using DisposeScope scope = NewDisposeScope();
        double[] lengths = [0.1, 0.1005, 0.1009, 0.101, 0.1011, 0.15, 0.2, 0.2005, 0.301, 0.99, 1.0, 1.0009];
        Tensor times = tensor(lengths.SelectMany(length => (double[])[0, direction * length]).ToArray(), [lengths.Length, 2]);
        using PerSampleField field = new((_, u) => ones_like(u));
        FlowTrace trace = new();
        using FlowSolution flow = Flow.Solve(
            field, zeros(lengths.Length, ScalarType.Float64), FlowTimes.Of(times), steps: new PidController { FirstStep = 0.3, LargestStep = 0.1 }, trace: trace);
        Assert.True(flow.Report.AllSucceeded);
        Assert.All(trace.Entries, entry => Assert.InRange(entry.Size * direction, 0.001, 0.1));
        for (int sample = 0; sample < lengths.Length; sample++)
        {
            Assert.Equal(direction * lengths[sample], flow.Report.Samples[sample].Time);
            Assert.Equal(direction * lengths[sample], flow.State[sample].item<double>(), 1e-12);
        }
    }

    private static readonly FlowTimes UnitTime = FlowTimes.Between(0, 1);

    public static TheoryData<string> Layouts => ["[batch]", "[batch, n]", "[batch, c, h, w]", "channels last", "transposed", "every second", "expanded"];

    [Theory]
    [MemberData(nameof(Layouts))]
    public void States_of_every_layout_end_in_the_same_place_and_stay_as_they_are(string layout)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(2);
        Tensor plain = layout switch
        {
            "[batch]" => rand(5, ScalarType.Float64),
            "expanded" => rand(1, 3, ScalarType.Float64).expand(5, 3).contiguous(),
            "[batch, n]" or "transposed" or "every second" => rand(5, 3, ScalarType.Float64),
            _ => rand([5, 3, 4, 2], ScalarType.Float64),
        };
        Tensor start = layout switch
        {
            "channels last" => plain.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2),
            "transposed" => plain.t().contiguous().t(),
            "every second" => plain.repeat_interleave(2, 1)[.., TensorIndex.Slice(0, null, 2)],
            "expanded" => plain[..1].expand(5, 3),
            _ => plain,
        };
        Tensor before = start.clone();
        using PerSampleField field = new((t, u) => u * t.cos().reshape([-1, .. u.shape[1..].Select(_ => 1L)]));
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.At(0, 0.3, 1), steps: new PidController { RelativeTolerance = 1e-10 });
        Assert.True(flow.Report.AllSucceeded);
        Assert.Equal(plain.shape, flow.State.shape);
        Assert.Equal([3, .. plain.shape], flow.States.shape);
        Assert.True((flow.State - (plain * Math.Exp(Math.Sin(1)))).abs().max().ToDouble() < 1e-8);
        Assert.True((flow.States[1] - (plain * Math.Exp(Math.Sin(0.3)))).abs().max().ToDouble() < 1e-8);
        Assert.True(start.equal(before).all().ToBoolean());
        if (layout == "channels last")
        {
            Assert.Equal(start.stride(), flow.State.stride());
        }
    }

    [Theory]
    [InlineData(ScalarType.Float16, 2e-2)]
    [InlineData(ScalarType.BFloat16, 0.15)]
    [InlineData(ScalarType.Float32, 1e-4)]
    [InlineData(ScalarType.Float64, 1e-6)]
    public void States_of_every_dtype_end_within_its_default_tolerance(ScalarType dtype, double within)
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((t, u) => stack([u[.., 1], -u[.., 0]], 1));
        Tensor start = tensor(new[] { 1.0, 0, 0.5, -0.5 }, [2, 2]).to(dtype);
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.At(0, 1, 2));
        Assert.True(flow.Report.AllSucceeded, flow.Report.ToString());
        Assert.Equal((dtype, dtype), (flow.State.dtype, flow.States.dtype));
        Assert.Equal(Math.Cos(2), flow.State[0, 0].to(ScalarType.Float64).ToDouble(), within);
        Assert.Equal(Math.Cos(1), flow.States[1, 0, 0].to(ScalarType.Float64).ToDouble(), within);
    }

    [Theory]
    [InlineData(1e-30)]
    [InlineData(1e-36)]
    [InlineData(1e30)]
    [InlineData(1e36)]
    public void Float32_states_of_every_size_take_the_same_steps_by_a_relative_tolerance(double size)
    {
        using DisposeScope scope = NewDisposeScope();
        PidController steps = new() { RelativeTolerance = 1e-5, AbsoluteTolerance = 0, FirstStep = 0.1 };
        using PerSampleField field = new((t, u) => stack([u[.., 1] + u[.., 0], -u[.., 0] + (u[.., 1] * t.cos())], 1));
        Tensor start = tensor(new[] { 1f, 0.5f }, [1, 2]);
        using FlowSolution usual = Flow.Solve(field, start, UnitTime, steps: steps);
        using FlowSolution scaled = Flow.Solve(field, start * size, UnitTime, steps: steps);
        Assert.True(scaled.Report.AllSucceeded, scaled.Report.ToString());
        Assert.InRange(scaled.Report.Samples[0].Steps - usual.Report.Samples[0].Steps, -1, 1);
        Tensor ends = scaled.State.to(ScalarType.Float64) / size;
        Assert.True(((ends / usual.State.to(ScalarType.Float64)) - 1).abs().max().ToDouble() < 1e-4, $"{ends}");
    }

    [Fact]
    public void A_state_of_zeros_passes_a_tolerance_that_is_only_relative()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = zeros(2, 3, ScalarType.Float64);
        using FlowSolution flow = Flow.Solve(field, start, UnitTime, steps: new PidController { AbsoluteTolerance = 0 });
        Assert.True(flow.Report.AllSucceeded, flow.Report.ToString());
        Assert.Equal(0, flow.State.abs().max().ToDouble());
    }

    [Fact]
    public void Tolerances_below_rounding_are_refused_or_end_in_a_status()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = ones(1, 1, ScalarType.Float64), single = ones(1, 1);
        Assert.Contains(
            "below what", Assert.Throws<ArgumentException>(() => Flow.Solve(field, single, UnitTime, steps: new PidController { RelativeTolerance = 1e-9 })).Message,
            StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Flow.Solve(field, start, UnitTime, steps: new PidController { RelativeTolerance = 1e-16 }));
        Assert.Throws<ArgumentException>(
            () => Flow.Solve(field, start, UnitTime, steps: new PidController { RelativeTolerance = 0, AbsoluteTolerance = 0 }));
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.Between(1, 2), steps: new PidController { RelativeTolerance = 0, AbsoluteTolerance = 1e-30 });
        Assert.False(flow.Report.AllSucceeded);
    }

    [Fact]
    public void A_coupled_field_is_one_system()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor start = tensor(new[] { 0.0, 0.1, 2, 5 }, [4, 1]);
        int evaluations = 0;
        using CoupledField field = new((t, u) =>
        {
            evaluations++;
            Assert.Equal(([4L], [4L, 1L]), (t.shape, u.shape), (one, other) => one.Item1.SequenceEqual(other.Item1) && one.Item2.SequenceEqual(other.Item2));
            return u.mean() - u;
        });
        using FlowSolution flow = Flow.Solve(field, start, FlowTimes.At(0, 0.5, 1), steps: new PidController { RelativeTolerance = 1e-9 });
        Assert.Single(flow.Report.Samples.Distinct());
        Assert.Equal(4 * evaluations, flow.Report.Evaluations);
        Tensor mean = start.mean(), exact = mean + ((start - mean) * Math.Exp(-1));
        Assert.True((flow.State - exact).abs().max().ToDouble() < 1e-7);
        Assert.Equal([3, 4, 1], flow.States.shape);
        Assert.True((flow.States[2] - exact).abs().max().ToDouble() < 1e-7);
    }

    [Fact]
    public void A_coupled_field_with_one_NaN_ends_as_a_whole()
    {
        using DisposeScope scope = NewDisposeScope();
        using CoupledField field = new((t, u) => where((t > 0.5).unsqueeze(1) & (u > 2), u * double.NaN, -u));
        using Tensor start = tensor(new[] { 1.0, 10 }, [2, 1]);
        using FlowSolution flow = Flow.Solve(field, start, UnitTime);
        Assert.Equal(2, flow.Report.Count(FlowStatus.NonFinite));
        Assert.Equal(0.5, flow.Report.Samples[0].Time, 1e-6);
        Assert.Equal(flow.Report.Samples[0], flow.Report.Samples[1]);
        Assert.True((flow.State - (start * Math.Exp(-0.5))).abs().max().ToDouble() < 1e-4);
    }

    [Fact]
    public void A_coupled_field_has_one_row_of_times()
    {
        using DisposeScope scope = NewDisposeScope();
        using CoupledField field = new((_, u) => -u);
        using Tensor start = ones(2, 1, ScalarType.Float64), times = tensor(new[] { 0.0, 1, 0, 2 }, [2, 2]);
        Assert.Contains(
            "one row of times", Assert.Throws<ArgumentException>(() => Flow.Solve(field, start, FlowTimes.Of(times))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_start_that_requires_gradients_gets_a_state_without_a_graph()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using Tensor start = ones(2, 1, ScalarType.Float64, requires_grad: true);
        using FlowSolution flow = Flow.Solve(field, start, UnitTime);
        Assert.False(flow.State.requires_grad || flow.States.requires_grad);
    }
}
