using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Own;

/// <summary>What a user writes of his own, one file each: the referees try them beside the library's, and here they work together.</summary>
public sealed class OwnPartsTests
{
    private static readonly SolveSettings Settings = new()
    {
        Solver = new HeavyBallSolver(),
        Stopping = new StoppingRule { Norm = new SumNorm(), Scale = new LargerScale(), RelativeTolerance = 1e-12 },
        Gradient = new ImplicitGradient(),
    };

    [Fact]
    public void A_layer_of_own_parts_alone_is_solved_and_differentiated()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(4);
        using BoundedSymmetric symmetric = new(6, ScalarType.Float64);
        using ImplicitLayer layer = new(new ContractionOperator(symmetric, 0.8, new SoftSign())) { Settings = Settings };
        Tensor q = randn([3, 6], ScalarType.Float64).requires_grad_();
        using ImplicitResult result = layer.Run(q);
        Assert.True(result.Report.AllConverged, result.Report.ToString());
        Tensor value = layer.Operator.call(result.Latent, q.detach());
        Assert.True(value.allclose(result.Latent, 1e-10, 1e-10));
        Assert.InRange(symmetric.CertifyNorm(), 0.01, 1);
        result.Output.square().sum().backward();
        result.Gradient.ThrowIfFailed();
        for (int place = 0; place < 18; place++)
        {
            double Loss(double step)
            {
                Tensor moved = q.detach().clone();
                moved[place / 6, place % 6] += step;
                using IDisposable noGraph = no_grad();
                return layer.call(moved).square().sum().ToDouble();
            }

            Assert.Equal((Loss(1e-5) - Loss(-1e-5)) / 2e-5, q.grad![place / 6, place % 6].ToDouble(), 1e-7);
        }

        // Each sample alone: the same answer.
        using IDisposable inference = no_grad();
        Assert.All(Enumerable.Range(0, 3), row => Assert.True(layer.call(q[row..(row + 1)]).allclose(result.Latent[row..(row + 1)], 1e-12, 1e-12)));
    }

    [Fact]
    public void A_front_is_followed_by_an_own_rule_from_an_own_start_and_an_own_iterate_returned()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = new(new ModuleOperator(new Shift()));
        Tensor q = full([2, 120], 4.0, ScalarType.Float64);
        StoppingRule rule = new() { MaxSteps = 200, Stall = new FarthestMoveStall(), Returned = new FirstIterate() };
        using ImplicitResult result = layer.Run(q, new SolveSettings { Stopping = rule }, StartingPoint.From(_ => zeros_like(q)));
        Assert.All(result.Report.Samples, sample => Assert.Equal((SolveStatus.Converged, 121), (sample.Status, sample.Steps)));
        SolveSettings cut = new() { Stopping = rule with { MaxSteps = 9 }, OnFailure = new AcceptMaxSteps() };
        using ImplicitResult first = layer.Run(q, cut, new HalfStart());
        Assert.All(first.Report.Samples, sample => Assert.Equal((SolveStatus.MaxStepsReached, 1), (sample.Status, sample.BestStep)));
        Assert.Equal(0, first.Latent.abs().sum().ToDouble());
    }

    /// <summary>u* = q / (1 - mask / 2) tells the mask of the solve; its gradient must be of that mask, whoever is left out.</summary>
    [Fact]
    public void A_mask_drawn_once_a_solve_is_the_same_in_the_solve_in_the_graph_and_backward()
    {
        using DisposeScope scope = NewDisposeScope();
        FixedPointGradient[] gradients =
        [
            new JacobianFreeGradient(), new ImplicitGradient(), new NeumannGradient { Terms = 60 }, new UnrolledGradient { Steps = 60 },
            new RefinedGradient { Products = 40 }, new TwoTerms(),
        ];
        foreach ((FixedPointGradient gradient, bool fails) in gradients.SelectMany(each => new[] { (each, false), (each, true) }))
        {
            using ImplicitLayer layer = new(new Halving(keep: 0.5)) { Gradient = gradient, OnFailure = new MaskFailures() };
            layer.Stopping = new StoppingRule { AbsoluteTolerance = 1e-12 };
            Tensor q = (ones([4, 30], ScalarType.Float64) * tensor([1, 1, fails ? double.NaN : 1, 1]).unsqueeze(1)).requires_grad_();
            using ImplicitResult result = layer.Run(q);
            result.Output.sum().backward();
            result.Gradient.ThrowIfFailed();
            Tensor mask = result.Latent.gt(1.5).to(ScalarType.Float64);
            Tensor expected = gradient switch
            {
                JacobianFreeGradient => ones_like(mask),
                TwoTerms => 1 + (mask * 0.5),
                _ => 1 / (1 - (mask * 0.5)),
            };
            Assert.Equal(!fails, result.Included[2]);
            Assert.True(q.grad![..2].allclose(expected[..2], 1e-9, 1e-9), $"{gradient}, {fails}");
            Assert.InRange(mask[..2].mean().ToDouble(), 0.2, 0.8);
        }
    }

    [Fact]
    public void A_policy_of_ones_own_counts_whom_it_likes()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImplicitLayer layer = new(new Halving(keep: 1)) { OnFailure = new KeepAll(), Stopping = new StoppingRule { MaxSteps = 1 } };
        using ImplicitResult result = layer.Run(ones(2, 3));
        Assert.False(result.Report.AllConverged);
        Assert.Equal([true, true], result.Included);
    }

    [Fact]
    public void Images_are_restored_from_a_measurement_of_ones_own()
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(5);
        Mirror mirror = new();
        Tensor x = rand([1, 2, 4, 5], ScalarType.Float64), y = mirror.Apply(x);
        Assert.True(mirror.Adjoint(y).allclose(x) && mirror.Proximal(x, y, tensor(2.0)).allclose(x));
        foreach (RestorationStep step in new[] { RestorationStep.HalfQuadratic, RestorationStep.Gradient, RestorationStep.ProximalGradient })
        {
            using BoundedRestorationOperator restoration = new(mirror, new ConvexPotential(2, 3, dtype: ScalarType.Float64), 0.5, step);
            using ImplicitLayer layer = new(restoration) { Settings = Settings with { Solver = new PicardSolver() } };
            using ImplicitResult result = layer.Run(y);
            Assert.True(result.Report.AllConverged, result.Report.ToString());
            Assert.InRange(Contraction.Report(restoration, y, result.Latent).Measured, 0, restoration.CertifyFactor());
        }
    }

    [Fact]
    public void Each_takes_one_file_of_fewer_than_forty_lines_of_code()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ImplicitNet.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        string[] files = Directory.GetFiles(Path.Combine(folder, "tests", "ImplicitNet.Outside.Tests", "Own"), "*.cs");
        Assert.True(files.Length > 8);
        Assert.All(
            files.Where(file => !file.EndsWith("Tests.cs", StringComparison.Ordinal)),
            file => Assert.InRange(File.ReadLines(file).Count(line => line.Trim() is { Length: > 0 } text && !text.StartsWith("//", StringComparison.Ordinal)), 1, 39));
    }

    /// <summary>u_1 = q_1, u_i = u_(i-1).</summary>
    private sealed class Shift() : nn.Module<Tensor, Tensor, Tensor>(nameof(Shift))
    {
        public override Tensor forward(Tensor u, Tensor q) => cat([q.narrow(1, 0, 1), u.narrow(1, 0, u.shape[1] - 1)], 1);
    }
}
