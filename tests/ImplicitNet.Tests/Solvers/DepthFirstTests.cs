using System.Globalization;
using ImplicitNet.Kernels;
using ImplicitNet.Kernels.Winograd;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using ImplicitNet.Solvers.Anderson;
using ImplicitNet.Solvers.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Solvers;

/// <summary>Taking samples through all their steps, a few at a time, is the loop over all of them to the bit.</summary>
public sealed class DepthFirstTests : TensorTest
{
    private static int Solves => int.TryParse(Environment.GetEnvironmentVariable("IMPLICITNET_SOLVES"), CultureInfo.InvariantCulture, out int count) ? count : 150;

    /// <summary>Networks, sizes, starts, rules and damaged samples by chance; IMPLICITNET_SOLVES says how many.</summary>
    [Fact]
    public void It_is_the_loop_to_the_bit()
    {
        using IDisposable preference = WinogradConvolution.Prefer();
        int threads = get_num_threads();
        int damaged = 0, unsolved = 0;
        for (int number = 0; number < Solves; number++)
        {
            using DisposeScope scope = NewDisposeScope();
            Random random = new(number);
            manual_seed(number);
            ThreadCount.Set(1 + random.Next(2));
            int channels = 16 * (1 + random.Next(4)), batch = 1 + random.Next(40), height = 1 + random.Next(11), width = 1 + random.Next(11);
            using LatentOperator latentOperator = random.Next(3) == 0
                ? new ModuleOperator(Published(channels, layers: 1 + random.Next(2), gamma: random.NextDouble()))
                : new ContractionOperator(new BoundedConvolution(channels, channels), 0.1 + (0.89 * random.NextDouble()), LatentActivation.LeakyRelu(random.NextDouble()));
            Tensor q = ImagesLike(randn(batch, height, width, channels)) * Math.Pow(10, (4 * random.NextDouble()) - 2);
            Tensor start = random.Next(3) switch { 0 => zeros_like(q), 1 => latentOperator.StartingLatent(q), _ => randn_like(q) };
            if (random.Next(4) == 0)
            {
                q[random.Next(batch)].fill_(random.Next(3) switch { 0 => float.NaN, 1 => float.PositiveInfinity, _ => 3e38f });
                damaged++;
            }

            StoppingRule rule = new()
            {
                RelativeTolerance = Math.Pow(10, -1 - (6 * random.NextDouble())),
                AbsoluteTolerance = random.Next(2) == 0 ? 0 : 1e-4,
                MaxSteps = 1 + random.Next(60),
                Patience = 1 + random.Next(50),
                Returned = random.Next(3) == 0 ? ReturnedIterate.Last : ReturnedIterate.Best,
                Norm = random.Next(2) == 0 ? ResidualNorm.L2 : ResidualNorm.RootMeanSquare,
            };
            using FixedPointMap map = latentOperator.Bind(q);
            ResidualTrace loopTrace = new(), trace = new();
            SolveContext context = new() { Map = map, Start = start, Stopping = rule, ErrorBound = map.ErrorBound, Trace = loopTrace };
            AndersonSolver? anderson = random.Next(2) == 0 ? null : new()
            {
                Memory = 1 + random.Next(6),
                Mixing = random.Next(3) == 0 ? 0.5 : 1,
                SafeguardFactor = 1 + random.NextDouble(),
                Retries = random.Next(4),
                Variant = random.Next(2) == 0 ? AndersonVariant.TypeOne : AndersonVariant.TypeTwo,
            };
            using FixedPointSolution loop = SolveLoop.Solve(context, anderson is null ? new PicardSolver().Start : anderson.Start);
            using FixedPointSolution? depthFirst = DepthFirst.TrySolve(
                context with { Trace = trace }, anderson is null ? null : size => new AndersonSteps(anderson, size));
            Assert.NotNull(depthFirst);
            Assert.Equal(loop.Report.Samples, depthFirst.Report.Samples);
            Assert.True(Bits(loop.Latent).SequenceEqual(Bits(depthFirst.Latent)), $"solve {number}");
            Assert.Equal(loopTrace.Samples.Select(Entries), trace.Samples.Select(Entries));
            Assert.Equal(depthFirst.Report.Samples.Sum(sample => (long)sample.Steps), depthFirst.Report.Evaluations);
            Assert.InRange(depthFirst.Report.Evaluations, 0, loop.Report.Evaluations);
            Assert.Equal(loop.Report.ErrorNorm, depthFirst.Report.ErrorNorm);
            unsolved += loop.Report.Samples.Count(sample => sample.Status != SolveStatus.Converged);
        }

        ThreadCount.Set(threads);
        TestContext.Current.TestOutputHelper?.WriteLine($"{Solves} solves, {damaged} of them with a damaged sample, {unsolved} samples not solved: no bit differs");
        Assert.True(damaged > 0 && unsolved > 0);
    }

    [Fact]
    public void A_public_solve_takes_this_way_and_one_that_it_is_not_for_takes_the_loop()
    {
        using IDisposable preference = WinogradConvolution.Prefer();
        using DisposeScope scope = NewDisposeScope();
        using ContractionOperator latentOperator = new(new BoundedConvolution(16, 16), 0.5);
        Tensor q = ImagesLike(randn(50, 5, 5, 16));
        q[0] *= 1e-6;
        using FixedPointMap map = latentOperator.Bind(q);
        StoppingRule rule = new() { AbsoluteTolerance = 1e-4 };
        using FixedPointSolution solution = FixedPoint.Solve(map, zeros_like(q), stopping: rule);
        using FixedPointSolution accelerated = FixedPoint.Solve(map, zeros_like(q), new AndersonSolver(), rule);
        Assert.All((FixedPointSolution[])[solution, accelerated], each => Assert.Equal(each.Report.Samples.Sum(sample => (long)sample.Steps), each.Report.Evaluations));
        SolveContext context = new() { Map = map, Start = zeros_like(q), Stopping = rule };
        Assert.Null(DepthFirst.TrySolve(context with { Start = zeros(50, 16, 5, 5) }));
        Assert.Null(DepthFirst.TrySolve(context with { Start = zeros_like(q, ScalarType.Float64) }));
        Assert.Null(DepthFirst.TrySolve(context with { Stopping = rule with { Norm = ResidualNorm.Max } }));
        Assert.Null(DepthFirst.TrySolve(context with { Stopping = rule with { Norm = ResidualNorm.LargestPart([400]) } }));
        Assert.Null(DepthFirst.TrySolve(context with { Stopping = rule with { Scale = ResidualScale.PerElement } }));
        Assert.Null(DepthFirst.TrySolve(context with { Stopping = rule with { Stall = new LatentStall() } }));
        Assert.Null(DepthFirst.TrySolve(context with { Map = new PerSampleMap(u => u / 2) }));
    }

    [Fact]
    public void It_is_cancelled_before_a_step()
    {
        using IDisposable preference = WinogradConvolution.Prefer();
        using DisposeScope scope = NewDisposeScope();
        using ContractionOperator latentOperator = new(new BoundedConvolution(16, 16), 0.5);
        Tensor q = ImagesLike(randn(50, 5, 5, 16));
        using FixedPointMap map = latentOperator.Bind(q);
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => FixedPoint.Solve(map, zeros_like(q), cancellation: source.Token));
    }

    private static ResidualLatent Published(int channels, int layers, double gamma)
    {
        ResidualLatent latent = new(channels, layers, gamma);
        latent.eval();
        return latent;
    }

    private static Tensor ImagesLike(Tensor rows) => rows.permute(0, 3, 1, 2);

    private static (double Residual, double Ratio)[] Entries(IReadOnlyList<ResidualTraceEntry> entries) => [.. entries.Select(entry => (entry.Residual, entry.Ratio))];

    private static byte[] Bits(Tensor latent)
    {
        using Tensor held = latent.permute(0, 2, 3, 1).contiguous();
        return held.bytes.ToArray();
    }
}
