using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

public sealed class FlowGradientTests : TensorTest
{
    [Fact]
    public void The_gradient_is_that_of_the_steps_and_not_that_of_the_flow()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor rate = tensor(-1.3, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new((_, u, _) => u * rate, new MapInputs { Parameters = [rate] });
        using FlowResult end = Implicit.Flow(
            field, ones([1, 1], ScalarType.Float64), FlowTimes.Between(0, 2),
            new FlowSettings { Solver = new ExplicitRungeKutta(ButcherTableau.Dopri5), Steps = new FixedSteps(20) });
        end.Output.sum().backward();

        // n h R'(ah) R(ah)^(n - 1) in closed form; that of the flow itself is 0.1485471564287.
        Assert.Equal(0.0742735806897725, end.Output.item<double>(), 1e-15);
        Assert.Equal(0.1485471495500393, rate.grad!.item<double>(), 1e-14);
    }

    [Theory]
    [InlineData(1L << 28)]
    [InlineData(1000)]
    [InlineData(0)]
    public void Lotka_Volterras_gradients_are_those_of_the_literature_however_few_states_are_kept(long budget)
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor rates = tensor(new[] { 1.5, 1, 3, 1 }).requires_grad_(), start = ones([1, 2], ScalarType.Float64).requires_grad_();
        using PerSampleField field = new(
            (_, u, _) =>
            {
                (Tensor prey, Tensor hunters) = (u[.., 0], u[.., 1]);
                return stack([(rates[0] * prey) - (rates[1] * prey * hunters), (rates[3] * prey * hunters) - (rates[2] * hunters)], 1);
            },
            new MapInputs { Parameters = [rates] });
        using FlowResult end = Implicit.Flow(
            field, start, FlowTimes.Between(0, 10), new FlowSettings
            {
                Steps = new PidController { RelativeTolerance = 1e-10, AbsoluteTolerance = 1e-10 },
                Gradient = new DiscreteAdjoint { MemoryBudget = budget },
            });
        end.Output[0, 0].backward();
        Assert.Equal(1.026344767575, end.Output[0, 0].item<double>(), 1e-9);
        Assert.Equal(0.909691078136, end.Output[0, 1].item<double>(), 1e-9);
        double[] expected = [2.16055752356, 0.188568777078, 0.563182794168, 0.939651287154];
        for (int rate = 0; rate < 4; rate++)
        {
            Assert.Equal(expected[rate], rates.grad![rate].item<double>(), 1e-8);
        }

        Assert.Equal(1.96599605473, start.grad![0, 0].item<double>(), 1e-8);
        Assert.Equal(0.188568777078, start.grad[0, 1].item<double>(), 1e-8);
    }

    [Fact]
    public void The_time_at_which_a_ball_comes_down_has_a_gradient()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor height = tensor(10.0, ScalarType.Float64).requires_grad_(), gravity = tensor(8.0, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new(
            (_, u, inputs) => stack([u[.., 1], -inputs.PerSample[0]], 1), new MapInputs { PerSample = [gravity.reshape(1)] });
        using Tensor start = stack([height, height * 0]).reshape(1, 2);
        using FlowResult fall = Implicit.Flow(
            field, start, FlowTimes.Between(0, 10), terminal: new FlowEvent(u => u[.., 0]) { Crossing = Crossing.Falling });
        fall.Times.sum().backward(retain_graph: true);
        Assert.Equal(1.581138830084, fall.Times.item<double>(), 1e-12);
        Assert.Equal(0.079056941504, height.grad!.item<double>(), 1e-10);
        Assert.Equal(-0.098821176880, gravity.grad!.item<double>(), 1e-10);
        height.grad.zero_();
        fall.Output[0, 1].backward();
        Assert.Equal(-12.649110640674, fall.Output[0, 1].item<double>(), 1e-10);
        Assert.Equal(-0.632455532034, height.grad.item<double>(), 1e-10);
    }

    [Fact]
    public void Times_have_gradients()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor times = tensor(new[] { 0.1, 0.5, 1.7, 3 }).requires_grad_(), weights = tensor(new[] { 0.0, 1, 2, 3 });
        using PerSampleField field = new((_, u) => stack([u[.., 1], u[.., 0] * -4], 1));
        using FlowResult wave = Implicit.Flow(
            field, tensor(new[] { 1.0, 0 }).reshape(1, 2), FlowTimes.Of(times),
            new FlowSettings { Steps = new PidController { RelativeTolerance = 1e-11 } });
        (wave.States[.., 0, 0] * weights).sum().backward();
        double first = 0;
        for (int i = 1; i < 4; i++)
        {
            double slope = -2 * i * Math.Sin(2 * (times[i].item<double>() - 0.1));
            first -= slope;
            Assert.Equal(slope, times.grad![i].item<double>(), 1e-8);
        }

        Assert.Equal(first, times.grad![0].item<double>(), 1e-8);
    }

    [Fact]
    public void Second_derivatives_are_those_of_the_steps()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor at = tensor(0.7, ScalarType.Float64).requires_grad_();
        using Tensor loss = Loss(at), one = ones_like(loss);
        using Tensor first = VectorProducts.TransposeProduct(loss, at, one, createGraph: true);
        using Tensor second = VectorProducts.TransposeProduct(first, at, one);
        Assert.Equal((Slope(0.7 + 1e-5) - Slope(0.7 - 1e-5)) / 2e-5, second.item<double>(), 1e-6);

        static Tensor Loss(Tensor c)
        {
            PerSampleField field = new((_, u, _) => (u * c).sin() + c, new MapInputs { Parameters = [c] });
            FlowSettings settings = new() { Steps = new FixedSteps(9) };
            return Implicit.Flow(field, ones([2, 1], ScalarType.Float64), FlowTimes.Between(0, 1), settings).Output.square().sum();
        }

        static double Slope(double value)
        {
            using Tensor c = tensor(value, ScalarType.Float64).requires_grad_();
            Loss(c).backward();
            return c.grad!.item<double>();
        }
    }

    [Fact]
    public void One_Euler_step_on_the_relaxation_of_a_map_is_JFB()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using Tensor weight = (randn(4, 4, ScalarType.Float64) * 0.2).requires_grad_(), q = randn(3, 4, ScalarType.Float64).requires_grad_();
        using PerSampleMap map = new(
            (u, inputs) => (u.mm(weight) + inputs.PerSample[0]).tanh(), new MapInputs { PerSample = [q], Parameters = [weight] });
        using FixedPointSolution solution = FixedPoint.Solve(
            map, zeros(3, 4, ScalarType.Float64), stopping: new StoppingRule { RelativeTolerance = 1e-13 });
        new JacobianFreeGradient().Attach(map, solution).pow(3).sum().backward();
        using Tensor expectedWeight = weight.grad!.clone(), expectedQ = q.grad!.clone();
        weight.grad.zero_();
        q.grad.zero_();
        using RelaxationField field = new(map);
        using FlowResult flow = Implicit.Flow(field, solution.Latent, FlowTimes.Between(0, 1), new FlowSettings
        {
            Solver = new ExplicitRungeKutta(ButcherTableau.Euler),
            Steps = new FixedSteps(1),
            Gradient = new TruncatedAdjoint(),
        });
        flow.Output.pow(3).sum().backward();
        Assert.True(weight.grad.allclose(expectedWeight, 1e-14, 1e-15));
        Assert.True(q.grad.allclose(expectedQ, 1e-14, 1e-15));
    }

    [Fact]
    public void Parameters_that_nobody_names_are_refused_rather_than_left_without_a_gradient()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor weight = ones(2, 2).requires_grad_();
        using PerSampleField field = new((_, u) => u.mm(weight));
        InvalidOperationException refused = Assert.Throws<InvalidOperationException>(
            () => Implicit.Flow(field, ones(1, 2), FlowTimes.Between(0, 1)));
        Assert.Contains("Parameters", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sample_that_is_masked_leaves_the_gradients_of_the_others_as_they_are()
    {
        using DisposeScope scope = NewDisposeScope();
        using Tensor rate = tensor(-0.5, ScalarType.Float64).requires_grad_();
        using Tensor kinds = tensor(new double[] { 0, 1, 0 }).unsqueeze(1), start = ones([3, 1], ScalarType.Float64);
        using PerSampleField field = new(
            (_, u, inputs) => where(inputs.PerSample[0].eq(1), rate / (inputs.PerSample[0] - 1), rate * u),
            new MapInputs { PerSample = [kinds], Parameters = [rate] });
        FlowSettings settings = new() { OnFailure = new MaskFailures(), Steps = new FixedSteps(50) };
        using FlowResult all = Implicit.Flow(field, start, FlowTimes.Between(0, 1), settings);
        all.Average(all.Output.squeeze(1)).backward();
        Assert.Equal([true, false, true], all.Included);
        Assert.Equal(Math.Exp(-0.5), rate.grad!.item<double>(), 1e-9);
    }
}
