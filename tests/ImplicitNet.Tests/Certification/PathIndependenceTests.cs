using ImplicitNet.Certification;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Certification;

/// <summary>Agreement of fixed points and answers from several starts, where the fixed points are known.</summary>
public sealed class PathIndependenceTests : TensorTest
{
    private static readonly StartingPoint[] Starts =
        [StartingPoint.Operator, StartingPoint.From(own => full_like(own, 1)), StartingPoint.From(own => full_like(own, -1))];

    [Fact]
    public void A_contraction_has_one_fixed_point_and_says_so()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(1);
        using nn.Module<Tensor, Tensor> model = nn.Sequential(
            nn.Linear(4, 5),
            new ImplicitLayer(new ContractionOperator(new BoundedLinear(5, 5), 0.7)) { Stopping = new StoppingRule { RelativeTolerance = 1e-5 } },
            nn.Dropout(0.5),
            nn.Linear(5, 3));
        Tensor data = randn(6, 4);
        byte[] before = get_rng_state().bytes.ToArray();
        PathIndependenceReport found = PathIndependence.Measure(model, data, Starts, output => output.argmax(1));
        Assert.Equal(before, get_rng_state().bytes.ToArray());
        Assert.All(found.Solves[0].Samples.Concat(found.Outputs), sample => Assert.True(sample.Distance < 1e-4 && sample.Cosine > 0.9999 && sample is { Starts: 3, Converged: 3 }, sample.ToString()));
        Assert.Equal(Enumerable.Repeat<bool?>(true, 6), found.SameAnswers);
        Assert.InRange(found.Distance, 1e-12, 1e-4);
        Assert.StartsWith("6 of 6 samples converged from all 3 starts", found.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("6 of 6 answers are the same.", found.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_map_with_two_fixed_points_is_found_out_sample_by_sample()
    {
        using DisposeScope scope = NewDisposeScope();
        using Doubtful model = new();

        // tanh(f u) + 0.1: one fixed point for f = 0.5, two that attract for f = 3.
        Tensor factors = tensor([0.5, 3.0]).unsqueeze(1);
        PathIndependenceReport found = PathIndependence.Measure(model, factors, Starts[1..], output => output > 0);
        (double up, double down) = (Iterated(3, 1), Iterated(3, -1));
        IReadOnlyList<PathAgreement> samples = Assert.Single(found.Solves).Samples;
        Assert.Null(found.Solves[0].Layer);
        Assert.InRange(samples[0].Distance, 0, 1e-6);
        Assert.Equal((up - down) / up, samples[1].Distance, 1e-6);
        Assert.Equal((1.0, -1.0), (samples[0].Cosine, samples[1].Cosine));
        Assert.Equal([true, false], found.SameAnswers);
        Assert.Equal((samples[1].Distance, -1.0), (found.Distance, found.Cosine));
        Assert.Equal((up - down) / up, found.Outputs[1].Distance, 1e-6);
    }

    [Fact]
    public void What_does_not_converge_is_left_out_and_counted()
    {
        using DisposeScope scope = NewDisposeScope();
        using TorchSharp.Modules.Linear model = nn.Linear(1, 1);
        Tensor start = tensor([0.5, 0.5]).unsqueeze(1);
        StartingPoint away = StartingPoint.From(own => tensor([0.25, 3.0]).unsqueeze(1));
        StartingPoint far = StartingPoint.From(own => own * 1e6);
        SolveSettings settings = new() { Stopping = new StoppingRule { AbsoluteTolerance = 1e-9 } };
        PathIndependenceReport found = PathIndependence.Measure(model, () => Implicit.Solve(u => u * u, start, settings), [StartingPoint.Operator, away, far], u => u > 0.5);
        Assert.Equal([(3, 2), (3, 1)], found.Solves[0].Samples.Select(sample => (sample.Starts, sample.Converged)));
        Assert.Equal(double.NaN, found.Solves[0].Samples[1].Distance);
        Assert.Equal([true, null], found.SameAnswers);
        Assert.StartsWith("0 of 2 samples converged from all 3 starts", found.ToString(), StringComparison.Ordinal);
        Assert.False(double.IsNaN(found.Distance));
    }

    [Fact]
    public void A_coupled_map_counts_as_one_and_a_loss_has_no_outputs()
    {
        using DisposeScope scope = NewDisposeScope();
        using TorchSharp.Modules.Linear model = nn.Linear(1, 1);
        using CoupledMap map = new(u => (u.mean([0], keepdim: true) * 3).tanh().expand(u.shape).clone());
        PathIndependenceReport found = PathIndependence.Measure(model, () => Implicit.Solve(map, zeros(4, 1, ScalarType.Float64)).sum(), Starts[1..]);
        Assert.Equal(2, Assert.Single(found.Solves[0].Samples.Distinct()).Distance, 1e-6);
        Assert.Empty(found.Outputs);
    }

    [Fact]
    public void What_cannot_be_measured_is_refused()
    {
        using DisposeScope scope = NewDisposeScope();
        using Doubtful model = new();
        Tensor factors = tensor([0.5]).unsqueeze(1);
        Assert.Throws<ArgumentException>(() => PathIndependence.Measure(model, factors, Starts[1..2]));
        Assert.Throws<ArgumentException>(() => PathIndependence.Measure(model, factors, [StartingPoint.Zero, null!]));
        Assert.Throws<ArgumentException>(() => PathIndependence.Measure(model, factors, [StartingPoint.Zero, StartingPoint.From(_ => zeros(7))]));
        Assert.Throws<ArgumentException>(() => PathIndependence.Measure(model, factors, Starts, output => output.sum()));
        Assert.Throws<ArgumentNullException>(() => PathIndependence.Measure(null!, factors, Starts));
        using TorchSharp.Modules.Linear plain = nn.Linear(1, 1);
        Assert.Contains("at least one", Assert.Throws<InvalidOperationException>(() => PathIndependence.Measure(plain, ones(1, 1), Starts)).Message, StringComparison.Ordinal);
    }

    private static double Iterated(double factor, double u)
    {
        for (int step = 0; step < 1000; step++)
        {
            u = Math.Tanh(factor * u) + 0.1;
        }

        return u;
    }

    private sealed class Doubtful() : nn.Module<Tensor, Tensor>(nameof(Doubtful))
    {
        public override Tensor forward(Tensor factors) => Implicit.Solve(
            (u, f) => (u * f).tanh() + 0.1, zeros_like(factors), factors, new SolveSettings { Stopping = new StoppingRule { RelativeTolerance = 1e-10 } });
    }
}
