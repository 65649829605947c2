using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Solvers;
using ImplicitNet.Tests.Gradients.Flows;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Flows;

public sealed class FlowPenaltyTests : FlowGradientTest
{
    private static readonly PidController Tight = new() { RelativeTolerance = 1e-11, AbsoluteTolerance = 1e-11 };
    private static readonly KineticPenalty Kinetic = new() { Weight = 1 };
    private static readonly FlowJacobianPenalty Jacobian = new() { Weight = 1 };

    [Fact]
    public void The_kinetic_penalty_is_the_integral_of_the_mean_square_of_the_field_over_each_samples_own_times()
    {
        using DisposeScope scope = NewDisposeScope();
        const double rate = -0.7;
        Tensor start = randn(4, 3, ScalarType.Float64);
        double[,] times = { { 0, 1 }, { 0.5, 2 }, { 1, 1 }, { 2, 0.5 } };
        using PerSampleField field = new((_, u) => rate * u);
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Of(tensor(times)), Of(new KineticPenalty { Weight = 0.3 }));
        Assert.Equal([4L], flow.Penalties!.shape);
        for (int sample = 0; sample < 4; sample++)
        {
            double length = times[sample, 1] - times[sample, 0], squares = start[sample].square().mean().ToDouble();
            double expected = 0.3 * rate * rate * squares * (Math.Exp(2 * rate * length) - 1) / (2 * rate);
            Assert.Equal(expected, flow.Penalties[sample].ToDouble(), 1e-9);
        }
    }

    [Fact]
    public void The_Jacobian_penalty_is_exact_where_the_Jacobian_is_diagonal_and_without_bias_elsewhere()
    {
        random.manual_seed(1);
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField sine = new((_, u) => u.sin());
        Tensor start = rand(5, 2, ScalarType.Float64) + 0.5;
        using FlowResult flow = Implicit.Flow(sine, start, FlowTimes.Between(0, 1.5), Of(new FlowJacobianPenalty { Weight = 2 }));

        // tan(u / 2) = e^t tan(u0 / 2), by Simpson's rule.
        const int panels = 2_000;
        Tensor t = linspace(0, 1.5, panels + 1, ScalarType.Float64).reshape(-1, 1, 1);
        Tensor weights = tensor(Enumerable.Range(0, panels + 1).Select(i => i is 0 or panels ? 1.0 : i % 2 == 1 ? 4 : 2).ToArray());
        Tensor squares = (2 * ((start / 2).tan() * t.exp()).atan()).cos().square().mean([2]);
        Tensor expected = 2 * (squares * weights.reshape(-1, 1)).sum([0L]) * (1.5 / panels / 3);
        Assert.Equal(0, (flow.Penalties! - expected).abs().max().ToDouble(), 1e-8);

        const int many = 4_096;
        Tensor matrix = randn(3, 3, ScalarType.Float64);
        using PerSampleField linear = new((_, u) => u.mm(matrix));
        using FlowResult all = Implicit.Flow(
            linear, randn(many, 3, ScalarType.Float64), FlowTimes.Between(0, 0.5), Of(Jacobian with { Probes = 2 }) with { Steps = new FixedSteps(3) });
        double exact = 0.5 * matrix.square().sum().ToDouble() / 3, error = all.Penalties!.std().ToDouble() / Math.Sqrt(many);
        Assert.True(error > 0);
        Assert.Equal(exact, all.Penalties.mean().ToDouble(), 4 * error);
    }

    public static TheoryData<int, ScalarType, bool> Sizes
    {
        get
        {
            TheoryData<int, ScalarType, bool> sizes = [];
            foreach (int size in (int[])[1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33])
            {
                foreach (ScalarType dtype in (ScalarType[])[ScalarType.Float64, ScalarType.Float32, ScalarType.BFloat16])
                {
                    sizes.Add(size, dtype, true);
                    sizes.Add(size, dtype, false);
                }
            }

            return sizes;
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void The_state_is_the_same_to_the_bit_with_penalties_beside_it(int size, ScalarType dtype, bool isPerSample)
    {
        random.manual_seed(2);
        using DisposeScope scope = NewDisposeScope();
        Tensor start = randn([6, size], ScalarType.Float64).to(dtype), speeds = linspace(1, 9, 6, ScalarType.Float64).to(dtype).unsqueeze(1);
        using VectorField field = isPerSample
            ? new PerSampleField((_, u, inputs) => (u * 3).sin() * inputs.PerSample[0], new MapInputs { PerSample = [speeds] })
            : new CoupledField((_, u) => u.mean([0], true) - (u * 3).sin());
        FlowTimes times = FlowTimes.At(0, 0.4, 1);
        FlowSettings plain = new() { OnFailure = new MaskFailures() };
        using FlowResult without = Implicit.Flow(field, start, times, plain);
        using FlowResult with = Implicit.Flow(field, start, times, plain with { Penalties = [Kinetic with { Weight = 1e6 }, Jacobian] });
        Assert.Null(without.Penalties);
        Assert.True(with.Output.eq(without.Output).all().ToBoolean());
        Assert.True(with.States.eq(without.States).all().ToBoolean());
        Assert.Equal(without.Report.Samples, with.Report.Samples);
        Assert.Equal(without.Report.Evaluations, with.Report.Evaluations);
        Assert.True(with.Penalties!.isfinite().all().ToBoolean());
    }

    [Fact]
    public void Images_in_either_layout_have_the_same_states_and_penalties()
    {
        random.manual_seed(3);
        using DisposeScope scope = NewDisposeScope();
        using TorchSharp.Modules.Conv2d convolution = nn.Conv2d(3, 3, 3, padding: 1, dtype: ScalarType.Float64);
        using FlowLayer layer = new(nn.Sequential(convolution, nn.Tanh())) { Settings = Of(Kinetic) };
        Tensor start = randn(2, 3, 4, 5, ScalarType.Float64), other = start.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        using FlowResult one = layer.Run(start), two = layer.Run(other), plain = layer.Run(other, settings: new FlowSettings { Steps = Tight });
        Assert.True((one.Output - two.Output).abs().max().ToDouble() < 1e-12);
        Assert.True((one.Penalties! - two.Penalties!).abs().max().ToDouble() < 1e-12);
        Assert.True(two.Output.eq(plain.Output).all().ToBoolean());
        Assert.Equal(plain.Output.stride(), two.Output.stride());
    }

    [Fact]
    public void Samples_of_a_coupled_field_bear_that_of_the_system()
    {
        using DisposeScope scope = NewDisposeScope();

        // u' = A u with A of the whole batch: each sample is what the next one is.
        Tensor start = tensor(new[,] { { 1.0 }, { 2 }, { -1 } });
        using CoupledField field = new((_, u) => u.roll(1, 0));
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Between(0, 2), Of(Jacobian));

        // The Jacobian is a permutation: |J|_F^2 = 3 over 3 numbers.
        Assert.True((flow.Penalties! - 2).abs().max().ToDouble() < 1e-9);
        Assert.Equal([3L], flow.Penalties!.shape);
    }

    [Theory]
    [InlineData(true, 1L << 28)]
    [InlineData(true, 0)]
    [InlineData(false, 1L << 28)]
    public void Gradients_are_those_of_the_same_steps(bool isPerSample, long budget)
    {
        random.manual_seed(4);
        using DisposeScope scope = NewDisposeScope();
        Tensor matrix = (randn(3, 3, ScalarType.Float64) / 2).requires_grad_(), start = randn(4, 3, ScalarType.Float64).requires_grad_();
        Tensor Function(Tensor t, Tensor u) => (u.mm(matrix) + t.unsqueeze(1)).tanh() + (isPerSample ? 0 : u.mean([0], true));
        MapInputs inputs = new() { Parameters = [matrix] };
        using VectorField field = isPerSample
            ? new PerSampleField((t, u, _) => Function(t, u), inputs)
            : new CoupledField((t, u, _) => Function(t, u), inputs);
        FlowSettings settings = new()
        {
            Solver = new ExplicitRungeKutta(ButcherTableau.Midpoint),
            Steps = new FixedSteps(5),
            Gradient = new DiscreteAdjoint { MemoryBudget = budget },
            Penalties = [new KineticPenalty { Weight = 0.7 }, new FlowJacobianPenalty { Weight = 0.4, Probes = 2 }],
        };
        Tensor seed = ImplicitNet.Kernels.RandomState.Get();
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Between(0, 1), settings);
        Tensor factors = randn(4, ScalarType.Float64);
        (flow.Output.pow(3).sum() + (flow.Penalties! * factors).sum()).backward();

        // The same by hand: the signs that were drawn, and two evaluations a step.
        Tensor after = ImplicitNet.Kernels.RandomState.Get();
        ImplicitNet.Kernels.RandomState.Set(seed);
        Tensor[] signs = [.. Enumerable.Range(0, 2).Select(_ => (randint(0, 2, [4, 3], ScalarType.Float32) * 2 - 1).to(ScalarType.Float64))];
        ImplicitNet.Kernels.RandomState.Set(after);
        Tensor own = matrix.detach().requires_grad_(), first = start.detach().requires_grad_(), u = first, penalty = zeros(4, ScalarType.Float64);
        const double h = 0.2;
        for (int step = 0; step < 5; step++)
        {
            Tensor t = full(4, (step * h) + (h / 2), ScalarType.Float64), middle = u + (h / 2 * By(full(4, step * h, ScalarType.Float64), u));
            Tensor value = By(t, middle), kinetic = Mean(value), jacobian = zeros(4, ScalarType.Float64);
            foreach (Tensor sign in signs)
            {
                jacobian += Mean(VectorProducts.TransposeProduct(value, middle, sign, createGraph: true)) / 2;
            }

            penalty += h * ((0.7 * kinetic) + (0.4 * jacobian));
            u += h * value;
        }

        (u.pow(3).sum() + (penalty * factors).sum()).backward();
        Assert.True((flow.Penalties! - penalty).abs().max().ToDouble() < 1e-13);
        Assert.True((matrix.grad! - own.grad!).abs().max().ToDouble() < 1e-13 * (1 + own.grad!.abs().max().ToDouble()));
        Assert.True((start.grad! - first.grad!).abs().max().ToDouble() < 1e-13 * (1 + first.grad!.abs().max().ToDouble()));

        Tensor By(Tensor t, Tensor x) => (x.mm(own) + t.unsqueeze(1)).tanh() + (isPerSample ? 0 : x.mean([0], true));

        Tensor Mean(Tensor x) => isPerSample ? x.square().mean([1]) : x.square().mean().expand(4);
    }

    [Fact]
    public void Second_derivatives_and_a_backsolve_are_those_of_the_exact_gradient()
    {
        random.manual_seed(5);
        using DisposeScope scope = NewDisposeScope();
        Tensor matrix = (randn(2, 2, ScalarType.Float64) / 2).requires_grad_(), start = randn(3, 2, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new((_, u, _) => u.mm(matrix).tanh(), new MapInputs { Parameters = [matrix] });
        Tensor exact = First(new DiscreteAdjoint(), createGraph: true);
        Tensor by = First(new Backsolve(), createGraph: false);
        Assert.True((exact - by).abs().max().ToDouble() < 1e-8);

        Tensor direction = randn_like(matrix), second;
        exact.backward([direction]);
        second = matrix.grad!.clone();
        const double step = 1e-5;
        using (no_grad())
        {
            matrix.add_(direction, step);
        }

        Tensor above = First(new DiscreteAdjoint(), createGraph: false);
        using (no_grad())
        {
            matrix.add_(direction, -2 * step);
        }

        Tensor difference = (above - First(new DiscreteAdjoint(), createGraph: false)) / (2 * step);
        Assert.True((second - difference).abs().max().ToDouble() < 1e-6);

        Tensor First(FlowGradient gradient, bool createGraph)
        {
            random.manual_seed(6);
            using FlowResult flow = Implicit.Flow(
                field, start, FlowTimes.Between(0, 1), Of(Kinetic) with { Gradient = gradient, Penalties = [Kinetic, Jacobian] });
            Tensor loss = flow.Penalties!.sum() + flow.Output.square().sum();
            return VectorProducts.TransposeProduct(loss, matrix, ones_like(loss), createGraph);
        }
    }

    [Fact]
    public void An_event_ends_the_integral_and_its_time_has_a_gradient()
    {
        using DisposeScope scope = NewDisposeScope();

        // u' = 2 from 0 until u = q: the integral of 4 until q / 2.
        Tensor q = tensor([1.0, 3.0]).requires_grad_();
        using PerSampleField field = new((_, u, _) => full_like(u, 2), new MapInputs { PerSample = [q] });
        FlowEvent there = new((_, u, inputs) => u.select(1, 0) - inputs.PerSample[0]);
        using FlowResult flow = Implicit.Flow(field, zeros(2, 1, ScalarType.Float64), FlowTimes.Between(0, 9), Of(Kinetic), there);
        Assert.True((flow.Penalties! - (2 * q)).abs().max().ToDouble() < 1e-12);
        flow.Penalties!.sum().backward();
        Assert.True((q.grad! - 2).abs().max().ToDouble() < 1e-12);
    }

    [Fact]
    public void A_sample_that_failed_bears_none_and_sends_nothing_back()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor start = tensor(new[,] { { 1.0 }, { double.NaN }, { 2.0 } }).requires_grad_();
        using PerSampleField field = new((_, u) => -u);
        using FlowResult flow = Implicit.Flow(
            field, start, FlowTimes.Between(0, 1), Of(Kinetic) with { OnFailure = new MaskFailures(), Penalties = [Kinetic, Jacobian] });
        Assert.Equal(0, flow.Penalties![1].ToDouble());
        double expected = (1 - Math.Exp(-2)) / 2;
        Assert.Equal(expected + 1, flow.Penalties[0].ToDouble(), 1e-9);
        flow.Penalties.sum().backward();
        Assert.Equal(2 * expected, start.grad![0, 0].ToDouble(), 1e-8);
        Assert.Equal(0, start.grad[1, 0].ToDouble());
    }

    [Fact]
    public void Without_gradients_and_of_no_samples_nothing_is_integrated()
    {
        using DisposeScope scope = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        using (no_grad())
        {
            using FlowResult flow = Implicit.Flow(field, ones(2, 1), FlowTimes.Between(0, 1), Of(Kinetic) with { Steps = new PidController() });
            Assert.Null(flow.Penalties);
        }

        FlowSettings both = Of(Kinetic) with { Penalties = [Kinetic, Jacobian] };
        using FlowResult none = Implicit.Flow(field, zeros(0, 3, ScalarType.Float64), FlowTimes.Between(0, 1), both);
        Assert.Equal([0L], none.Penalties!.shape);
    }

    [Fact]
    public void A_scope_tells_of_them_until_it_is_disposed()
    {
        using DisposeScope outer = NewDisposeScope();
        using PerSampleField field = new((_, u) => -u);
        SolveScope scope = new(flowSettings: settings => settings with { Penalties = [Kinetic] });
        Tensor start = ones(2, 1, ScalarType.Float64);
        using FlowResult flow = Implicit.Flow(field, start, FlowTimes.Between(0, 1), new FlowSettings { Steps = Tight });
        Assert.True(scope.Flows[0].Penalties!.eq(flow.Penalties!).all().ToBoolean());
        scope.Dispose();
        Assert.True(scope.Flows[0].Penalties!.IsInvalid);
    }

    [Fact]
    public void Values_that_cannot_be_are_refused_and_settings_are_values()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new KineticPenalty { Weight = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new KineticPenalty { Weight = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new FlowJacobianPenalty { Weight = double.PositiveInfinity });
        Assert.Throws<ArgumentOutOfRangeException>(() => new FlowJacobianPenalty { Probes = 0 });
        Assert.Throws<ArgumentNullException>(() => new FlowSettings { Penalties = null! });
        Assert.Throws<ArgumentNullException>(() => new FlowSettings { Penalties = [null!] });
        Assert.Equal((0.01, 0.01, 1), (new KineticPenalty().Weight, new FlowJacobianPenalty().Weight, new FlowJacobianPenalty().Probes));
        Assert.Equal(new FlowSettings().Penalties, []);
        ThrowOnFailure policy = new();
        FlowSettings one = new() { Penalties = [new KineticPenalty()], OnFailure = policy };
        Assert.Equal(one, new FlowSettings { Penalties = [new KineticPenalty()], OnFailure = policy });
        Assert.NotEqual(one, one with { Penalties = [] });
    }

    private static FlowSettings Of(FlowPenalty penalty) => new() { Steps = Tight, Penalties = [penalty] };
}
