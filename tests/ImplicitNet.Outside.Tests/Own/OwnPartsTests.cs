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
        using BoundedSkew skew = new(6, ScalarType.Float64);
        using ImplicitLayer layer = new(new ContractionOperator(skew, 0.8, new SoftSign())) { Settings = Settings };
        Tensor q = randn([3, 6], ScalarType.Float64).requires_grad_();
        using ImplicitResult result = layer.Run(q);
        Assert.True(result.Report.AllConverged, result.Report.ToString());
        Tensor value = layer.Operator.call(result.Latent, q.detach());
        Assert.True(value.allclose(result.Latent, 1e-10, 1e-10));
        Assert.InRange(skew.CertifyNorm(), 0.01, 1);
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
    public void Each_takes_one_file_of_fewer_than_forty_lines_of_code()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ImplicitNet.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        string[] files = Directory.GetFiles(Path.Combine(folder, "tests", "ImplicitNet.Outside.Tests", "Own"), "*.cs");
        Assert.True(files.Length > 5);
        Assert.All(
            files.Where(file => !file.EndsWith("Tests.cs", StringComparison.Ordinal)),
            file => Assert.InRange(File.ReadLines(file).Count(line => line.Trim() is { Length: > 0 } text && !text.StartsWith("//", StringComparison.Ordinal)), 1, 39));
    }
}
