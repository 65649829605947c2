using ImplicitNet.Flows;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

public sealed class FlowTests : TensorTest
{
    [Fact]
    public void Arenstorfs_orbit_takes_the_steps_of_Hairers_DOPRI5()
    {
        using DisposeScope scope = NewDisposeScope();
        const double Mu = 0.012277471;
        using PerSampleField field = new((_, u) =>
        {
            (Tensor x, Tensor y, Tensor vx, Tensor vy) = (u[.., 0], u[.., 1], u[.., 2], u[.., 3]);
            Tensor first = ((x + Mu).square() + y.square()).pow(1.5), second = ((x - (1 - Mu)).square() + y.square()).pow(1.5);
            return stack(
                [
                    vx, vy, x + (2 * vy) - ((1 - Mu) * (x + Mu) / first) - (Mu * (x - (1 - Mu)) / second),
                    y - (2 * vx) - ((1 - Mu) * y / first) - (Mu * y / second),
                ],
                1);
        });
        using Tensor start = tensor(new[] { 0.994, 0, 0, -2.00158510637908252240537862224 }).unsqueeze(0);
        using FlowSolution orbit = Flow.Solve(
            field, start, FlowTimes.Between(0, 17.0652165601579625588917206249), new ExplicitRungeKutta(ButcherTableau.Dopri5),
            new PidController { RelativeTolerance = 1e-7, AbsoluteTolerance = 1e-7 });

        // Hairer, Nørsett and Wanner publish 1,442 evaluations, 240 steps of which 216 are accepted, and this end.
        Assert.Equal((1442, 240, 216), (orbit.Report.Evaluations, orbit.Report.Samples[0].Steps, orbit.Report.Samples[0].Accepted));
        Assert.Equal(0.9940021016, orbit.State[0, 0].ToDouble(), 1e-8);
        Assert.Equal(8.91e-6, orbit.State[0, 1].ToDouble(), 1e-7);
    }

    [Fact]
    public void A_sample_takes_the_steps_that_it_would_take_alone_beside_neighbours_that_fail()
    {
        using DisposeScope scope = NewDisposeScope();
        const int Batch = 100;
        random.manual_seed(1);
        using Tensor rates = (rand(Batch, ScalarType.Float64) * 3) + 1, start = ones(Batch, 1, ScalarType.Float64);
        using Tensor kinds = zeros(Batch, ScalarType.Float64);
        (kinds[10], kinds[20], kinds[30]) = (ones(1)[0], ones(1)[0] * 2, ones(1)[0] * 3);
        PidController steps = new() { MaxSteps = 500 };
        using VectorField all = Mixed(kinds, rates);
        using FlowSolution together = Flow.Solve(all, start, FlowTimes.Between(0, 2), steps: steps);

        Assert.Equal(FlowStatus.NonFinite, together.Report.Samples[10].Status);
        Assert.Equal(FlowStatus.StepTooSmall, together.Report.Samples[20].Status);
        Assert.Equal(1, together.Report.Samples[20].Time, 1e-5);
        Assert.Equal(FlowStatus.MaxStepsReached, together.Report.Samples[30].Status);
        Assert.True(together.State.isfinite().all().ToBoolean());
        for (int sample = 0; sample < Batch; sample++)
        {
            if (sample is 10 or 20 or 30)
            {
                continue;
            }

            using VectorField own = Mixed(kinds[sample].reshape(1), rates[sample].reshape(1));
            using FlowSolution alone = Flow.Solve(own, start[sample].reshape(1, 1), FlowTimes.Between(0, 2), steps: steps);
            Assert.Equal(alone.Report.Samples[0], together.Report.Samples[sample]);
            Assert.Equal(alone.State[0, 0].ToDouble(), together.State[sample, 0].ToDouble(), 1e-12);
        }
    }

    [Fact]
    public void A_thousand_balls_come_down_each_at_its_own_time()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor heights = linspace(5, 15, 1000, ScalarType.Float64), start = stack([heights, zeros_like(heights)], 1);
        using PerSampleField field = new((_, u) => stack([u[.., 1], full_like(u[.., 1], -8)], 1));
        using FlowSolution fall = Flow.Solve(
            field, start, FlowTimes.At(0, 1, 10), terminal: new FlowEvent(u => u[.., 0]) { Crossing = Crossing.Falling });
        for (int ball = 0; ball < 1000; ball++)
        {
            double height = heights[ball].ToDouble();
            Assert.Equal(FlowStatus.EventReached, fall.Report.Samples[ball].Status);
            Assert.Equal(Math.Sqrt(2 * height / 8), fall.Report.Samples[ball].Time, 1e-10);
            Assert.Equal(-Math.Sqrt(16 * height), fall.State[ball, 1].ToDouble(), 1e-10);
            Assert.Equal(height - 4, fall.States[1, ball, 0].ToDouble(), 1e-10);
            Assert.True(double.IsNaN(fall.States[2, ball, 0].ToDouble()));
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Euler_with_n_steps_is_the_residual_network_of_n_layers_to_the_bit(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using Tensor weight = randn(7, 7, dtype), start = randn(5, 7, dtype);
        using PerSampleField field = new((_, u) => u.mm(weight).tanh());
        using FlowSolution flow = Flow.Solve(
            field, start, FlowTimes.Between(0, 1), new ExplicitRungeKutta(ButcherTableau.Euler), new FixedSteps(10));
        Tensor layers = start;
        for (int layer = 0; layer < 10; layer++)
        {
            layers += layers.mm(weight).tanh() * 0.1;
        }

        Assert.True(layers.bytes.SequenceEqual(flow.State.contiguous().bytes));
    }

    private static PerSampleField Mixed(Tensor kinds, Tensor rates) => new(
        (time, u, inputs) =>
        {
            (Tensor kind, Tensor rate, Tensor wave) = (inputs.PerSample[0].unsqueeze(1), inputs.PerSample[1].unsqueeze(1), time.unsqueeze(1).cos());
            Tensor usual = (-rate * u) + wave;
            return where(kind.eq(1), u * double.NaN, where(kind.eq(2), u * u, where(kind.eq(3), (wave - u) * 1e6, usual)));
        },
        new MapInputs { PerSample = [kinds, rates] });
}
