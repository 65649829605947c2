using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients.Flows;

/// <summary>Where gradients of flows may go wrong without a word.</summary>
public sealed class FlowGradientTrapTests : FlowGradientTest
{
    private static readonly FlowTimes UnitTime = FlowTimes.Between(0, 1);
    private static readonly FlowSettings Fine = new() { Steps = new PidController { RelativeTolerance = 1e-11, AbsoluteTolerance = 1e-11 } };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_empty_batch_has_gradients_of_zero(bool isPerSample)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rate = tensor(0.5, ScalarType.Float64).requires_grad_(), start = zeros(0, 3, ScalarType.Float64).requires_grad_();
        MapInputs inputs = new() { Parameters = [rate] };
        using VectorField field = isPerSample ? new PerSampleField((_, u, _) => u * rate, inputs) : new CoupledField((_, u, _) => u * rate, inputs);
        using FlowResult flow = Implicit.Flow(field, start, UnitTime);
        flow.Output.sum().backward();
        Assert.Equal([0, 3], start.grad!.shape);
        Assert.Equal(0, rate.grad?.item<double>() ?? 0);
    }

    [Fact]
    public void A_parameter_that_is_not_used_has_no_gradient_and_does_not_disturb()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor used = tensor(-0.5, ScalarType.Float64).requires_grad_(), unused = ones(3, ScalarType.Float64).requires_grad_();
        Tensor constant = ones(3, ScalarType.Float64), input = ones(2, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new(
            (_, u, _) => u * used, new MapInputs { PerSample = [input], Shared = [constant], Parameters = [unused, used, constant] });
        using FlowResult flow = Implicit.Flow(field, ones(2, 1, ScalarType.Float64), UnitTime, Fine);
        flow.Output.sum().backward();
        Assert.Equal(2 * Math.Exp(-0.5), used.grad!.item<double>(), 1e-9);
        Assert.True(unused.grad is null || unused.grad.abs().sum().item<double>() == 0);
        Assert.True(input.grad is null || input.grad.abs().sum().item<double>() == 0);
        Assert.Null(constant.grad);
    }

    [Fact]
    public void A_flow_of_no_length_hands_gradients_on()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor start = ones(2, 3, ScalarType.Float64).requires_grad_(), times = tensor(new[] { 1.0, 1, 1 }).requires_grad_();
        using PerSampleField field = new((_, u) => -u);
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Of(times));
        (flow.Output.sum() + (2 * flow.States[1].sum())).backward();
        Assert.True(start.grad!.eq(3).all().ToBoolean());

        // u(t_i) = u0 + (t_i - t_0) f(u0) near there, f = -1 in six places.
        Assert.Equal([18.0, -12, -6], times.grad!.data<double>().ToArray());
    }

    [Fact]
    public void Samples_that_finish_in_the_first_round_have_their_gradients_beside_those_that_go_on()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rates = tensor(new[] { 0.0, 1, 0, 3, 0.5 }).requires_grad_(), start = ones(5, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new((_, u, inputs) => -u * inputs.PerSample[0], new MapInputs { PerSample = [rates] });
        using FlowResult flow = Implicit.Flow(
            field, start, UnitTime, Fine with { Steps = new PidController { RelativeTolerance = 1e-11, AbsoluteTolerance = 1e-11, FirstStep = 1 } });
        flow.Output.sum().backward();
        Tensor exact = (-rates.detach()).exp();
        Assert.True((start.grad! - exact).abs().max().item<double>() < 1e-8);
        Assert.True((rates.grad! + exact).abs().max().item<double>() < 1e-8);
    }

    [Theory]
    [InlineData(1L << 28)]
    [InlineData(0)]
    public void Channels_last_states_have_the_gradients_of_any_other(long budget)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        Tensor plain = rand([3, 4, 2, 5], ScalarType.Float64), weight = randn([3, 4, 2, 5], ScalarType.Float64), mix = (randn(4, 4, ScalarType.Float64) * 0.3).requires_grad_();
        List<Tensor[]> gradients = [];
        foreach (bool isLast in (bool[])[false, true])
        {
            Tensor start = (isLast ? plain.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : plain.clone()).requires_grad_();
            using PerSampleField field = new(
                (t, u, _) => einsum("ij,bjhw->bihw", mix, u).tanh() * (1 + t.reshape(-1, 1, 1, 1)), new MapInputs { Parameters = [mix] });
            using FlowResult flow = Implicit.Flow(
                field, start, FlowTimes.At(0, 0.4, 1), Fine with { Gradient = new DiscreteAdjoint { MemoryBudget = budget } });
            ((flow.Output * weight).sum() + (flow.States[1] * weight).sum()).backward();
            gradients.Add([start.grad!.clone(), mix.grad!.clone()]);
            mix.grad!.zero_();
        }

        Assert.True(gradients[0][0].allclose(gradients[1][0], 1e-11, 1e-12));
        Assert.True(gradients[0][1].allclose(gradients[1][1], 1e-11, 1e-12));
    }

    [Theory]
    [InlineData("writes into its state")]
    [InlineData("returns its state")]
    [InlineData("returns a view")]
    [InlineData("writes into its time")]
    public void Fields_that_write_and_that_return_what_they_are_given_have_right_gradients(string kind)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rate = tensor(0.7, ScalarType.Float64).requires_grad_(), start = tensor(new[] { 1.0, 2 }, [2, 1]).requires_grad_();
        using PerSampleField field = new(
            (t, u, _) => kind switch
            {
                "writes into its state" => u.mul_(rate),
                "returns its state" => u,
                "returns a view" => u.view(u.shape),
                _ => u * rate * t.mul_(0).add_(1).unsqueeze(1),
            }, new MapInputs { Parameters = [rate] });
        using FlowResult flow = Implicit.Flow(field, start, UnitTime, Fine);
        flow.Output.sum().backward();
        flow.Gradient.ThrowIfFailed();
        double factor = kind.StartsWith("writes", StringComparison.Ordinal) ? Math.Exp(0.7) : Math.E;
        Assert.True((start.grad! - factor).abs().max().item<double>() < 1e-9);
        if (factor < 2.5)
        {
            Assert.Equal(3 * factor, rate.grad!.item<double>(), 1e-9);
        }
    }

    [Fact]
    public void A_coupled_field_has_the_gradients_of_its_one_system()
    {
        // u' = k (mean - u): u(1) = mean + (u - mean) e^-k.
        using DisposeScope scope = NewDisposeScope();
        Tensor k = tensor(1.3, ScalarType.Float64).requires_grad_(), start = tensor(new[] { 0.0, 0.1, 2, 5 }, [4, 1]).requires_grad_();
        Tensor own = tensor(new[] { 1.0, 2, 3, 4 }, [4, 1]).requires_grad_(), weights = tensor(new[] { 1.0, -2, 0.5, 3 }, [4, 1]);
        using CoupledField field = new((_, u, inputs) => k * (u.mean() - u) + inputs.PerSample[0], new MapInputs { PerSample = [own], Parameters = [k] });
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.At(0, 0.5, 1), Fine);
        (flow.Output * weights).sum().backward();
        double e = Math.Exp(-1.3), m = (1 - e) / 1.3;
        Tensor mean = weights.mean(), spread = weights - mean;
        Assert.True((start.grad! - (mean + (spread * e))).abs().max().item<double>() < 1e-9);
        Assert.True((own.grad! - (mean + (spread * m))).abs().max().item<double>() < 1e-9);
        Tensor apart = start.detach() - start.detach().mean(), push = own.detach() - own.detach().mean();
        double slope = ((1.3 * e) - (1 - e)) / (1.3 * 1.3);
        double exact = (spread * ((apart * -e) + (push * slope))).sum().item<double>();
        Assert.Equal(exact, k.grad!.item<double>(), 1e-8);
    }

    [Fact]
    public void An_event_without_a_derivative_elsewhere_leaves_the_others_alone()
    {
        // The root has no derivative where u is below 0, where the second sample ends.
        using DisposeScope scope = NewDisposeScope();
        Tensor start = tensor(new[] { 0.5, -5, 0.25 }).requires_grad_(), speed = tensor(1.0, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new((_, u, _) => (u * 0) + speed, new MapInputs { Parameters = [speed] });
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Between(0, 2), Fine, new FlowEvent((_, u, _) => u.sqrt() - speed));
        Assert.Equal(
            [FlowStatus.EventReached, FlowStatus.Completed, FlowStatus.EventReached], flow.Report.Samples.Select(sample => sample.Status));
        (flow.Times.sum() + flow.Output.sum()).backward();

        // T = (v^2 - u) / v, and u(T) = v^2; of the one without an event u + 2 v.
        double[] gradient = [.. start.grad!.data<double>()];
        Assert.Equal([-1, 1, -1], gradient, (one, other) => Math.Abs(one - other) < 1e-10);
        Assert.Equal((1 + 0.5) + (1 + 0.25) + 2 + 2 + 2, speed.grad!.item<double>(), 1e-9);
    }

    [Fact]
    public void An_event_that_depends_on_time_alone_ends_where_it_says_and_its_time_moves_with_it()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor when = tensor(new[] { 0.3, 0.9 }).requires_grad_(), start = ones(2, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new((_, u, _) => u, new MapInputs { PerSample = [when] });
        using FlowResult flow = Implicit.Flow(
            field, start, FlowTimes.Between(0, 2), Fine, new FlowEvent((t, u, inputs) => (t + (u * 0)) - inputs.PerSample[0]));
        (flow.Times.sum() + (2 * flow.Output.sum())).backward();
        Tensor grown = when.detach().exp();
        Assert.True((flow.Output.detach() - grown).abs().max().item<double>() < 1e-9);
        Assert.True((when.grad! - (1 + (2 * grown))).abs().max().item<double>() < 1e-8);
        Assert.True((start.grad! - (2 * grown)).abs().max().item<double>() < 1e-8);
    }

    [Fact]
    public void States_asked_for_before_and_at_an_event_send_gradients_back_and_those_after_it_none()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rate = tensor(1.0, ScalarType.Float64).requires_grad_(), start = ones(1, ScalarType.Float64);
        using PerSampleField field = new((_, u, _) => u * rate, new MapInputs { Parameters = [rate] });
        using FlowResult flow = Implicit.Flow(
            field, start, FlowTimes.At(0, 0.1, 0.5, 3), Fine, new FlowEvent(u => u - 2));
        Assert.True(double.IsNaN(flow.States[3, 0].item<double>()));
        (flow.States[1].sum() + (3 * flow.States[2].sum()) + where(flow.States[3].isnan(), 0, flow.States[3]).sum()).backward();
        Assert.Equal((0.1 * Math.Exp(0.1)) + (3 * 0.5 * Math.Exp(0.5)), rate.grad!.item<double>(), 1e-8);
        Assert.Equal(Math.Log(2), flow.Times.item<double>(), 1e-10);
    }

    [Theory]
    [InlineData(1L << 28, false)]
    [InlineData(0, false)]
    [InlineData(1L << 28, true)]
    public void Where_a_field_has_no_slope_at_the_end_of_a_step_it_takes_no_part_in_what_others_ask_within_theirs(long budget, bool isSecond)
    {
        // The root has no slope where the first sample ends, which no stage of its steps but the last sees: that one has a say only for
        // the second sample, which asks for a state in between. The third is there from the start, and takes no step.
        using DisposeScope scope = NewDisposeScope();
        FlowSettings settings = new()
        {
            Solver = new ExplicitRungeKutta(ButcherTableau.Bosh3),
            Steps = new FixedSteps(2),
            Gradient = new DiscreteAdjoint { MemoryBudget = budget },
        };
        double[] whole = [0, 0.7, 0.7];
        double end = End();
        double[] first = Of(0), second = Of(1), third = Of(2), all = Of(0, 1, 2);
        Assert.All(all, number => Assert.True(double.IsFinite(number), string.Join(", ", all)));
        Assert.Equal(first.Index().Select(one => one.Item + second[one.Index] + third[one.Index]), all, (one, two) => Math.Abs(one - two) < 1e-12);

        double End()
        {
            using PerSampleField plain = new((_, u) => (0 * u) + 0.9);
            using FlowSolution found = Flow.Solve(plain, zeros(1, ScalarType.Float64), FlowTimes.At(whole), settings.Solver, settings.Steps);
            return found.State.item<double>();
        }

        double[] Of(params int[] samples)
        {
            Tensor p = zeros([], ScalarType.Float64).requires_grad_(), v = full([], 0.9, ScalarType.Float64).requires_grad_();
            Tensor start = tensor(samples.Select(sample => sample == 2 ? end : 0.1 * sample).ToArray());
            double[][] own = [whole, [0, 0.5, 0.7], [0.7, 0.7, 0.7]];
            Tensor times = tensor(samples.SelectMany(sample => own[sample]).ToArray(), [samples.Length, 3]);
            using PerSampleField field = new(
                (_, u, _) => v + (0 * u) + (p * (end - u).abs().sqrt()), new MapInputs { Parameters = [p, v] });
            FlowResult flow = Implicit.Flow(field, start, FlowTimes.Of(times), settings);
            Tensor loss = flow.Output.square().sum() + flow.States[1].sum();
            Tensor?[] found = [.. VectorProducts.TransposeProducts(loss, [p, v], ones_like(loss), createGraph: isSecond)];
            flow.Gradient.ThrowIfFailed();
            if (isSecond && found[1] is { requires_grad: true } slope)
            {
                found = [.. VectorProducts.TransposeProducts(slope, [p, v], ones_like(loss))];
            }

            return [.. found.Select(tensor => tensor?.item<double>() ?? 0)];
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32, 1e-4)]
    [InlineData(ScalarType.Float16, 5e-2)]
    [InlineData(ScalarType.BFloat16, 0.3)]
    public void Narrow_dtypes_have_gradients_within_their_tolerance(ScalarType dtype, double within)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rate = tensor(new[] { -0.5, 0.25 }).to(dtype).requires_grad_(), start = ones(2, dtype).requires_grad_();
        using PerSampleField field = new((_, u, inputs) => u * inputs.PerSample[0], new MapInputs { PerSample = [rate] });
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.At(0, 0.5, 1));
        flow.Output.sum().backward();
        Tensor exact = tensor(new[] { Math.Exp(-0.5), Math.Exp(0.25) });
        Assert.Equal((dtype, dtype), (rate.grad!.dtype, start.grad!.dtype));
        Assert.True((rate.grad!.to(ScalarType.Float64) - exact).abs().max().item<double>() < within);
        Assert.True((start.grad!.to(ScalarType.Float64) - exact).abs().max().item<double>() < within);
    }

    [Fact]
    public void A_backward_pass_in_a_field_that_throws_is_told_and_gives_NaN()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor start = ones(2, ScalarType.Float64).requires_grad_();
        bool isForward = true;
        using PerSampleField field = new((_, u) => isForward ? -u : throw new TimeZoneNotFoundException("no"));
        using FlowResult flow = Implicit.Flow(field, start, UnitTime, Fine);
        isForward = false;
        flow.Output.sum().backward();
        Assert.True(start.grad!.isnan().all().ToBoolean());
        InvalidOperationException told = Assert.Throws<InvalidOperationException>(flow.Gradient.ThrowIfFailed);
        Assert.StartsWith("The backward pass through a flow failed", told.Message, StringComparison.Ordinal);
    }
}
