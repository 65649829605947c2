using ImplicitNet.Differentiation;
using ImplicitNet.Flows;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>Passes whose own graph is asked for leave no tensor alive, whether or not they are differentiated again.</summary>
public sealed class DifferentiablePassTests : TensorTest
{
    private const int Passes = 3;

    public static TheoryData<string, string, bool> Cases => new(
        from mode in GradientCases.Names.Select(row => row.Data)
        from way in (string[])["solve", "coupled", "layer", "network", "two layers"]
        from isTwice in (bool[])[false, true]
        select (mode, way, isTwice));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Of_fixed_points_nothing_stays_alive(string mode, string way, bool isTwice)
    {
        // Forty steps are six segments; the pass of each of the five that are nodes goes through those before it.
        HandlesOfNothing = mode == "unrolled" ? Passes * (way == "two layers" ? 20 : 10) : 0;
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new double[,] { { 3, 1 }, { -1, 2 } }).requires_grad_();
        SolveSettings settings = new()
        {
            Solver = new BroydenSolver { KeepInverse = true },
            Stopping = new StoppingRule { RelativeTolerance = 1e-10 },
            Gradient = GradientCases.Get(mode),
        };
        using ImplicitLayer layer = new(new ModuleOperator(new Scaled())) { Settings = settings };
        using ImplicitLayer other = new(new ModuleOperator(new Scaled())) { Settings = settings };
        using ImplicitNetwork network = new(
            nn.Linear(2, 2, dtype: ScalarType.Float64), new ModuleOperator(new Scaled()), nn.Linear(2, 1, dtype: ScalarType.Float64))
        {
            Settings = settings,
        };
        Tensor a = tensor(0.5, ScalarType.Float64).requires_grad_();
        MapInputs inputs = new() { PerSample = [x], Parameters = [a] };
        using FixedPointMap map = way == "coupled"
            ? new CoupledMap((u, q) => (u.mean([0], keepdim: true) * a).tanh() + q.PerSample[0], inputs)
            : new PerSampleMap((u, q) => (u * a).tanh() + q.PerSample[0], inputs);
        for (int pass = 0; pass < Passes; pass++)
        {
            Tensor found = way switch
            {
                "layer" => layer.call(x),
                "network" => network.call(x),
                "two layers" => other.call(layer.call(x)),
                _ => Implicit.Solve(map, zeros_like(x), settings),
            };
            Differentiate(found, x, isTwice);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_flows_nothing_stays_alive(bool isTwice)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = tensor(new double[,] { { 3, 1 }, { -1, 2 } }).requires_grad_();
        using FlowLayer layer = new(nn.Sequential(nn.Linear(2, 2, dtype: ScalarType.Float64), nn.Tanh()));
        for (int pass = 0; pass < Passes; pass++)
        {
            Differentiate(layer.call(x), x, isTwice);
        }
    }

    [Fact]
    public void Of_a_flow_that_refuses_it_nothing_stays_alive()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor rate = ones(2, ScalarType.Float64).requires_grad_();
        using PerSampleField field = new((_, u, inputs) => u * inputs.PerSample[0], new MapInputs { PerSample = [rate], Parameters = [] });
        using FlowResult flow = Implicit.Flow(field, ones(2, ScalarType.Float64), FlowTimes.Between(0, 1), new FlowSettings { Gradient = new Backsolve() });
        Tensor loss = flow.Output.sum();
        Assert.True(VectorProducts.TransposeProduct(loss, rate, ones_like(loss), createGraph: true).isnan().all().ToBoolean());
        Assert.Throws<InvalidOperationException>(flow.Gradient.ThrowIfFailed);
    }

    private static void Differentiate(Tensor found, Tensor x, bool isTwice)
    {
        Tensor loss = found.square().sum();
        Tensor first = VectorProducts.TransposeProduct(loss, x, ones_like(loss), createGraph: true);
        Assert.True(first.isfinite().all().ToBoolean());
        if (isTwice)
        {
            first.square().sum().backward();
            Assert.True(x.grad!.isfinite().all().ToBoolean());
        }
    }

    private sealed class Scaled : nn.Module<Tensor, Tensor, Tensor>
    {
        private readonly Parameter _a = new(tensor(0.5, ScalarType.Float64));

        public Scaled()
            : base(nameof(Scaled)) => RegisterComponents();

        public override Tensor forward(Tensor u, Tensor q) => (u * _a).tanh() + q;

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _a.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
