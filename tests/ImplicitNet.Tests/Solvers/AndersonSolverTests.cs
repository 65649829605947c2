using ImplicitNet.Models.Problems;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

public sealed class AndersonSolverTests(ITestOutputHelper output) : TensorTest
{
    public static TheoryData<AndersonVariant> Variants => [AndersonVariant.TypeTwo, AndersonVariant.TypeOne];

    [Theory]
    [MemberData(nameof(Variants))]
    public void The_symmetric_map_takes_few_steps_whatever_its_scale(AndersonVariant variant)
    {
        (double Tolerance, int Steps)[] limits = [(1e-3, 20), (1e-6, 30), (1e-9, 40)];
        for (ulong seed = 1; seed <= 5; seed++)
        {
            foreach ((double tolerance, int limit) in limits)
            {
                int[] steps = [.. new[] { 1e-3, 1, 1e3 }.Select(scale => Steps(new AndersonSolver { Variant = variant }, seed, tolerance * scale, scale))];
                output.WriteLine($"{variant.GetType().Name}, seed {seed}, {tolerance:0e+0}: {string.Join(" / ", steps)} steps at scales 1e-3 / 1 / 1e3; Picard {Steps(new PicardSolver(), seed, tolerance, 1)}");
                Assert.All(steps, count => Assert.InRange(count, 1, limit));
                Assert.InRange(steps.Max() - steps.Min(), 0, 1);
            }
        }
    }

    /// <summary>Where the Jacobian is symmetric, what leaves the memory takes nothing with it.</summary>
    [Theory]
    [MemberData(nameof(Variants))]
    public void On_a_symmetric_map_a_memory_of_three_is_as_good_as_one_without_end(AndersonVariant variant)
    {
        for (ulong seed = 1; seed <= 3; seed++)
        {
            int[] steps = [.. new[] { 3, 5, 50 }.Select(memory => Steps(new AndersonSolver { Memory = memory, Variant = variant }, seed, 1e-9, 1))];
            output.WriteLine($"{variant.GetType().Name}, seed {seed}: {string.Join(" / ", steps)} steps with memories of 3 / 5 / 50");
            Assert.InRange(steps[0], 1, steps[2] + 3);
            Assert.InRange(steps[1], 1, steps[2] + 3);
        }
    }

    /// <summary>
    /// Of each of them a full step leads away: an accelerated one, the first one, or the plain one after a step was taken back. They are
    /// solved from every start nearby, so that no rounding decides.
    /// </summary>
    [Theory]
    [InlineData("heat")]
    [InlineData("wood")]
    [InlineData("powell-badly-scaled")]
    [InlineData("diode")]
    public void Steps_that_are_scaled_and_shortened_solve_what_full_ones_do_not(string problem)
    {
        using DisposeScope scope = NewDisposeScope();
        (PerSampleMap map, Tensor start) = FixedPointProblems.Named(problem).Create();
        using PerSampleMap owned = map;
        StoppingRule stopping = new() { RelativeTolerance = 1e-8, AbsoluteTolerance = 1e-11, MaxSteps = 500 };
        using FixedPointSolution solution = FixedPoint.Solve(map, start, new AndersonSolver(), stopping);
        output.WriteLine(solution.Report.ToString());
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
    }

    /// <summary>F(u) = 1e4 (u - u*): the first step is a ten-thousandth of the residual once it has failed, and the second is exact.</summary>
    [Theory]
    [MemberData(nameof(Variants))]
    public void The_first_step_of_a_steep_map_is_scaled(AndersonVariant variant)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor slopes = linspace(9e3, 1.1e4, 30, ScalarType.Float64);
        using PerSampleMap map = new(u => u - (slopes * (u - 1)));
        StoppingRule stopping = new() { AbsoluteTolerance = 1e-6, MaxSteps = 20 };
        Tensor start = zeros(1, 30, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, new AndersonSolver { Variant = variant }, stopping);
        output.WriteLine(solution.Report.ToString());
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.True((solution.Latent - 1).abs().max().ToDouble() < 1e-9);
    }

    [Fact]
    public void Without_memory_it_is_picard_bit_by_bit()
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrix, Tensor offset) = SymmetricMap.Draw(3, samples: 4);
        using PerSampleMap map = SymmetricMap.Create(matrix, offset);
        using FixedPointSolution picard = FixedPoint.Solve(map, zeros_like(offset), new PicardSolver { Damping = 0.7 });
        using FixedPointSolution anderson = FixedPoint.Solve(map, zeros_like(offset), new AndersonSolver { Memory = 0, Mixing = 0.7 });
        Assert.Equal(picard.Report.Samples, anderson.Report.Samples);
        Assert.True(picard.Latent.equal(anderson.Latent).all().ToBoolean());
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Rotations_that_picard_cannot_are_solved(AndersonVariant variant)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor angles = linspace(0.4, 2.8, 7, ScalarType.Float64);
        using PerSampleMap map = new(u =>
        {
            Tensor x = u.slice(1, 0, 7, 1);
            Tensor y = u.slice(1, 7, 14, 1);
            return cat([(x * angles.cos()) - (y * angles.sin()), (x * angles.sin()) + (y * angles.cos())], 1);
        });
        Tensor start = ones(1, 14, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(
            map, start, new AndersonSolver { Memory = 14, Variant = variant }, new StoppingRule { AbsoluteTolerance = 1e-9, MaxSteps = 200 });
        output.WriteLine(solution.Report.ToString());
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.True(solution.Latent.abs().max().ToDouble() < 1e-7);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void An_accelerated_step_that_raises_the_residual_is_taken_back(AndersonVariant variant)
    {
        // A nearly constant residual up to a wall: every secant points far beyond it, where the residual is a thousandfold.
        using DisposeScope scope = NewDisposeScope();
        using PerSampleMap map = new(u => (where(u > 1, u * 0.999, u * -0.5) + 0.4).clamp(-50, 50));
        Tensor start = linspace(-30, 30, 64, ScalarType.Float64).reshape(64, 1);
        StoppingRule stopping = new() { AbsoluteTolerance = 1e-9, MaxSteps = 400 };
        using FixedPointSolution solution = FixedPoint.Solve(map, start, new AndersonSolver { Variant = variant }, stopping);
        using FixedPointSolution picard = FixedPoint.Solve(map, start, new PicardSolver(), stopping);
        output.WriteLine($"{solution.Report} Picard: {picard.Report}");
        Assert.True(solution.Report.AllConverged);
        Assert.All(
            solution.Report.Samples.Zip(picard.Report.Samples),
            pair => Assert.InRange(pair.First.Steps, 1, (1.25 * pair.Second.Steps) + 10));
    }

    [Fact]
    public void An_accelerated_step_into_nan_is_taken_back()
    {
        // f(u) = 0.3 (1 - (u / 2)^4) is nearly constant at first: the secant points to 600, where the map has no value.
        using DisposeScope scope = NewDisposeScope();
        bool landed = false;
        using PerSampleMap map = new(u =>
        {
            landed |= (u > 2.5).any().ToBoolean();
            return where(u > 2.5, full_like(u, double.NaN), u + (0.3 * (1 - (u / 2).pow(4))));
        });
        Tensor start = zeros(1, 1, ScalarType.Float64);
        using FixedPointSolution solution = FixedPoint.Solve(map, start, new AndersonSolver(), new StoppingRule { AbsoluteTolerance = 1e-9, MaxSteps = 60 });
        output.WriteLine(solution.Report.ToString());
        Assert.True(landed);
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        Assert.Equal(2, solution.Latent.ToDouble(), 1e-8);
    }

    [Theory]
    [InlineData(ScalarType.Float32, false)]
    [InlineData(ScalarType.Float32, true)]
    [InlineData(ScalarType.Float64, true)]
    public void A_sample_has_the_same_answer_and_steps_in_any_batch(ScalarType dtype, bool channelsLast)
    {
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(9);
        Tensor q = rand(40, 3, 4, 2, dtype);
        if (channelsLast)
        {
            q = q.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        }

        q[5] = double.NaN;
        q[6] = q[6] * 1e10;
        static Tensor Function(Tensor u, Tensor q) => ((u * 0.9) + q).tanh() - (u.flatten(1).mean([1], keepdim: true).unsqueeze(2).unsqueeze(3) * 0.1);
        StoppingRule stopping = new() { RelativeTolerance = 1e-5, MaxSteps = 300 };
        AndersonSolver solver = new() { Memory = 4 };
        using PerSampleMap map = new(Function, q);
        using FixedPointSolution whole = FixedPoint.Solve(map, zeros_like(q), solver, stopping);
        Assert.Equal(SolveStatus.NonFinite, whole.Report.Samples[5].Status);
        Assert.True(whole.Report.Count(SolveStatus.Converged) >= 38, whole.Report.ToString());
        foreach (int size in new[] { 1, 7 })
        {
            for (int first = 0; first < 40; first += size)
            {
                int last = Math.Min(first + size, 40);
                Tensor part = q.slice(0, first, last, 1);
                using PerSampleMap piece = new(Function, part);
                using FixedPointSolution solution = FixedPoint.Solve(piece, zeros_like(part), solver, stopping);
                Assert.Equal(
                    whole.Report.Samples.Skip(first).Take(last - first).Select(sample => (sample.Status, sample.Steps)),
                    solution.Report.Samples.Select(sample => (sample.Status, sample.Steps)));
                Assert.True((solution.Latent - whole.Latent.slice(0, first, last, 1)).abs().max().ToDouble() <= 1e-4);
            }
        }
    }

    [Fact]
    public void The_options_are_pinned_and_checked()
    {
        AndersonSolver solver = new();
        Assert.Equal((5, 1.0, AndersonVariant.TypeTwo, 2.0, 3), (solver.Memory, solver.Mixing, solver.Variant, solver.SafeguardFactor, solver.Retries));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AndersonSolver { Retries = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AndersonSolver { Memory = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AndersonSolver { Mixing = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AndersonSolver { Mixing = double.NaN });
        Assert.Throws<ArgumentOutOfRangeException>(() => new AndersonSolver { SafeguardFactor = 0.5 });
    }

    private static int Steps(FixedPointSolver solver, ulong seed, double tolerance, double scale)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor matrix, Tensor offset) = SymmetricMap.Draw(seed, scale);
        using PerSampleMap map = SymmetricMap.Create(matrix, offset);
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(offset), solver, new StoppingRule { AbsoluteTolerance = tolerance, MaxSteps = 400 });
        Assert.True(solution.Report.AllConverged, solution.Report.ToString());
        return solution.Report.MaxSteps;
    }
}
