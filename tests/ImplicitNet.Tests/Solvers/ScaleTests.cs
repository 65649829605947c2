using ImplicitNet.Kernels;
using ImplicitNet.Outside.Tests.Own;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>The unit of a problem changes nothing: no square over- or underflows anywhere, and a power of two changes not one digit.</summary>
public sealed class ScaleTests : TensorTest
{
    private const int Size = 6;

    // Starts, inputs and answers are of the order of a thousand units, so that the map itself neither over- nor underflows.
    private static readonly int[] SingleExponents = [-100, -99, -80, -63, -50, -31, -7, 1, 20, 31, 50, 62, 63, 64, 80, 99, 100];
    private static readonly int[] DoubleExponents = [-900, -899, -700, -511, -400, -100, -1, 31, 350, 420, 500, 512, 700, 899, 900];

    private static readonly StoppingRule[] Rules =
    [
        new() { RelativeTolerance = 1e-4, MaxSteps = 60 },
        new() { RelativeTolerance = 1e-4, MaxSteps = 60, Norm = ResidualNorm.RootMeanSquare, Scale = ResidualScale.PerElement },
        new() { RelativeTolerance = 1e-4, MaxSteps = 60, Norm = ResidualNorm.Max },
        new() { RelativeTolerance = 1e-4, MaxSteps = 60, Norm = new SumNorm(), Scale = new LargerScale() },
    ];

    public static MatrixTheoryData<string, string, bool> Cases => new(
        [.. SolverCases.All.Select(row => row.Data)], ["linear", "leaky", "overshooting", "torch"], [true, false]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_homogeneous_map_is_solved_alike_at_every_power_of_two(string solver, string kind, bool isDouble)
    {
        ScalarType dtype = isDouble ? ScalarType.Float64 : ScalarType.Float32;
        foreach (StoppingRule rule in Rules)
        {
            using DisposeScope scope = NewDisposeScope();
            using FixedPointSolution plain = Solve(0, solver, kind, dtype, rule);
            foreach (int exponent in isDouble ? DoubleExponents : SingleExponents)
            {
                using DisposeScope inner = NewDisposeScope();
                using FixedPointSolution scaled = Solve(exponent, solver, kind, dtype, rule);
                Assert.Equal(
                    plain.Report.Samples.Select(sample => (sample.Status, sample.Steps, sample.BestStep)),
                    scaled.Report.Samples.Select(sample => (sample.Status, sample.Steps, sample.BestStep)));
                Assert.Equal(Values(plain.Latent, exponent), Values(scaled.Latent, 0));
                Assert.Equal(plain.Report.Evaluations, scaled.Report.Evaluations);
            }
        }
    }

    [Theory]
    [MemberData(nameof(SolverCases.All), MemberType = typeof(SolverCases))]
    public void Small_and_large_units_are_solved_in_float32(string solver)
    {
        foreach ((double factor, double shift) in new[] { (0.9, 1e-25), (0.5, 1e19), (0.5, 1.38e-23), (-0.9, 1e-30), (0.5, 1e37) })
        {
            foreach (StoppingRule rule in Rules.Append(new StoppingRule { RelativeTolerance = 1e-4, MaxSteps = 60, Scale = ResidualScale.PerElement, Norm = ResidualNorm.Max }))
            {
                using DisposeScope scope = NewDisposeScope();
                using PerSampleMap map = new((u, q) => (u * factor) + q, full([2, 8], shift));
                using FixedPointSolution solution = FixedPoint.Solve(map, zeros(2, 8), SolverCases.Named(solver), rule with { MaxSteps = 300 });
                Assert.True(solution.Report.AllConverged, $"{factor} {shift} {rule} {solution.Report}");
                double answer = shift / (1 - factor);
                Assert.All(solution.Latent.data<float>(), value => Assert.Equal(1, value / answer, 2e-3));
                Assert.True(solution.Report.MaxSteps > 1);
            }
        }
    }

    [Theory]
    [MemberData(nameof(SolverCases.All), MemberType = typeof(SolverCases))]
    public void A_residual_is_zero_only_when_every_element_is(string solver)
    {
        // Each step halves what is left, down to the smallest numbers there are.
        foreach (ScalarType dtype in new[] { ScalarType.Float32, ScalarType.Float64 })
        {
            using DisposeScope scope = NewDisposeScope();
            double small = dtype == ScalarType.Float32 ? 1e-40 : 1e-310;
            using PerSampleMap map = new(u => u * 0.5);
            using FixedPointSolution solution = FixedPoint.Solve(
                map, full([1, 3], small, dtype), SolverCases.Named(solver), new StoppingRule { RelativeTolerance = 1e-4, MaxSteps = 3 });
            SampleReport sample = solution.Report.Samples[0];
            Assert.True(sample.StartResidual > 0);
            Assert.Equal(sample.Residual == 0, solution.Latent.eq(solution.Latent * 0.5).all().ToBoolean());
            Assert.Equal(sample.Status == SolveStatus.Converged, sample.Residual == 0);
        }
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Every_norm_of_a_row_is_that_of_the_row_in_other_units(ScalarType dtype)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(3);
        bool isDouble = dtype == ScalarType.Float64;
        Tensor rows = randn(5, 37, dtype);
        Tensor[] layouts = [rows, rows.t().contiguous().t()];
        foreach (ResidualNorm norm in new[] { ResidualNorm.L2, ResidualNorm.RootMeanSquare, ResidualNorm.Max })
        {
            foreach (Tensor layout in layouts)
            {
                double[] plain = [.. norm.Measure(layout).data<double>()];
                foreach (int exponent in isDouble ? [-1000, -500, 500, 1000] : new[] { -110, -60, 60, 110 })
                {
                    double[] scaled = [.. norm.Measure(layout * Math.ScaleB(1, exponent)).data<double>()];
                    Assert.Equal(plain.Select(value => Math.ScaleB(value, exponent)), scaled);
                }
            }
        }
    }

    [Fact]
    public void The_lengths_of_rows_are_those_of_wider_numbers()
    {
        Assert.Equal(5e-45, RowLength.Of([3e-45f, 4.2e-45f]), 1e-45);
        Assert.Equal(5e38 / 2, RowLength.Of([1.5e38f, 2e38f]), 1e33);
        Assert.Equal(5e-320, RowLength.Of([3e-320, 4e-320]), 1e-323);
        Assert.Equal(5e307, RowLength.Of([3e307, 4e307]), 1e294);
        Assert.Equal(0, RowLength.Of(new double[7]));
        Assert.True(double.IsNaN(RowLength.Of([1, double.NaN])));
        Assert.Equal(double.PositiveInfinity, RowLength.Of([1, double.NegativeInfinity]));
        Assert.Equal(double.PositiveInfinity, RowLength.Of([1.7e308, 1.7e308]));
    }

    private static FixedPointSolution Solve(int exponent, string solver, string kind, ScalarType dtype, StoppingRule rule)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(9);
        double scale = Math.ScaleB(1, exponent);
        Tensor gaussian = randn([Size, Size], ScalarType.Float64);
        Tensor weight = (gaussian / linalg.svdvals(gaussian).max() * 0.8).to(dtype);
        Tensor q = (randn([3, Size], ScalarType.Float64) * 1000).to(dtype) * scale;
        Tensor start = (randn([3, Size], ScalarType.Float64) * 1000).to(dtype) * scale;
        using PerSampleMap map = new(
            (u, x) => kind switch
            {
                "leaky" => nn.functional.leaky_relu(u.mm(weight) + x, 0.1),
                "overshooting" => x - (u * 1.7) + (u.mm(weight) * 0.5),
                _ => u.mm(weight) + x,
            },
            q);

        // A start that is not contiguous is measured by torch's operations.
        Tensor begin = kind == "torch" ? start.t().contiguous().t() : start;
        return FixedPoint.Solve(map, begin, SolverCases.Named(solver), kind == "overshooting" ? rule with { MaxSteps = 14 } : rule);
    }

    private static double[] Values(Tensor latent, int exponent)
    {
        using DisposeScope scope = NewDisposeScope();
        return [.. latent.to(ScalarType.Float64).contiguous().data<double>().Select(value => Math.ScaleB(value, exponent))];
    }
}
