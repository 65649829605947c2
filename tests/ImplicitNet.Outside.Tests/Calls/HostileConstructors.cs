using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Models;
using ImplicitNet.Models.FixedPointNetworks;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using static TorchSharp.torch;

namespace ImplicitNet.Outside.Tests.Calls;

/// <summary>Objects made of odd numbers and of nothing: a new one is one line.</summary>
internal static class HostileConstructors
{
    public static readonly IReadOnlyList<Action<double, Random>> All =
    [
        (x, _) => new PicardSolver { Damping = x },
        (x, random) => new AndersonSolver { Memory = Whole(random), Mixing = x },
        (x, _) => new AndersonSolver { SafeguardFactor = x, Variant = null! },
        (x, random) => new BroydenSolver { Memory = Whole(random), Damping = x },
        (x, _) => new BroydenSolver { GrowthLimit = x },
        (x, random) => new LineSearch { SufficientDecrease = x, MaxTrials = Whole(random), History = Whole(random) },
        (x, _) => new NewtonKrylovSolver { Damping = x, LinearSolver = null! },
        (x, _) => new NewtonKrylovSolver { GrowthLimit = x, Product = null! },
        (x, _) => new ForcingTerm { Initial = x, Maximum = x, Factor = x, Exponent = x },
        (x, _) => new FiniteDifferenceProduct { RelativeStep = x },
        (_, _) => new SolverChain { Solvers = null! },
        (_, _) => new SolverChain { Solvers = [null!] },
        (_, _) => new SolverChain { Solvers = [new SolverChain()] },
        (x, random) => new StoppingRule { AbsoluteTolerance = x, RelativeTolerance = x, MaxSteps = Whole(random) },
        (x, random) => new StoppingRule { DivergenceFactor = x, Patience = Whole(random) },
        (_, _) => new StoppingRule { Norm = null! },
        (_, _) => new StoppingRule { Scale = null! },
        (_, _) => new StoppingRule { Stall = null! },
        (_, _) => new StoppingRule { Returned = null! },
        (x, _) => new LatentStall { Share = x },
        (x, random) => new RandomStart { Seed = Whole(random), Deviation = x },
        (_, _) => StartingPoint.From(null!),
        (_, _) => new ModuleOperator(null!, shape => shape).Dispose(),
        (_, random) => new GmresSolver { Restart = Whole(random), MaxProducts = Whole(random) },
        (_, random) => new BicgstabSolver { MaxProducts = Whole(random) },
        (_, random) => new ConjugateGradientSolver { MaxProducts = Whole(random) },
        (_, random) => new CgnrSolver { MaxProducts = Whole(random) },
        (_, random) => new FixedPointLinearSolver { MaxSteps = Whole(random), Solver = null! },
        (_, random) => new NeumannGradient { Terms = Whole(random) },
        (_, random) => new RefinedGradient { Products = Whole(random) },
        (x, random) => new InverseReuseGradient { Products = Whole(random), LargestRatio = x },
        (x, random) => new PhantomGradient { Steps = Whole(random), Damping = x },
        (_, random) => new UnrolledGradient { Steps = Whole(random) },
        (x, _) => new ImplicitGradient { RelativeTolerance = x, Solver = null! },
        (x, random) => new GradientCertifier { ReferenceTolerance = x, PowerIterations = Whole(random), LanczosSteps = Whole(random) },
        (x, random) => new JacobianPenalty { Weight = x, Probes = Whole(random) },
        (x, _) => LatentActivation.LeakyRelu(x),
        (x, _) => new ContractionOperator(new BoundedLinear(3, 3), x).Dispose(),
        (_, _) => new ContractionOperator(null!, 0.5).Dispose(),
        (_, _) => new ContractionOperator(new BoundedLinear(3, 4), 0.5).Dispose(),
        (_, _) => new ContractionOperator(new BoundedConvolution(3, 4), 0.5).Dispose(),
        (_, random) => new BoundedLinear(Whole(random), Whole(random)).Dispose(),
        (_, random) => new BoundedLinear(3, 3, random.Pick(Enum.GetValues<ScalarType>())).call(zeros(2, 3)).Dispose(),
        (_, random) => new BoundedLinear(3, 3, random.Pick(Enum.GetValues<ScalarType>())).CertifyNorm(),
        (_, random) => new WellPosedLinear(Whole(random)).Dispose(),
        (_, random) => new WellPosedLinear(3, null, random.Pick(Enum.GetValues<ScalarType>())).call(zeros(2, 3)).Dispose(),
        (_, random) => new WellPosedLowRank(Whole(random), Whole(random)).Dispose(),
        (_, random) => new WellPosedLowRank(3, 2, random.Pick(Enum.GetValues<ScalarType>())).CertifyNorm(),
        (x, _) => ResidualNorm.Weighted([1, x]).Measure(ones(1, 2)).Dispose(),
        (_, random) => ResidualNorm.LargestToken(Whole(random)).Measure(ones(1, 2)).Dispose(),
        (x, _) => new PerSampleMap(u => u) { ErrorBound = new ErrorBound(x, ResidualNorm.L2) }.Dispose(),
        (_, random) => new BoundedConvolution1d(Whole(random), Whole(random), Whole(random), Whole(random)).Dispose(),
        (_, random) => new BoundedConvolution1d(2, 2, 3, random.Pick([1, 9]), random.Pick(Enum.GetValues<ScalarType>())).CertifyNorm(),
        (_, random) => new BoundedStridedConvolution(Whole(random), Whole(random), Whole(random), Whole(random)).Dispose(),
        (_, random) => new BoundedTransposedConvolution(2, 2, random.Pick([1, 3]), random.Pick([1, 2]), (Whole(random), Whole(random))).Dispose(),
        (_, random) => new BoundedTransposedConvolution(Whole(random), 2).call(zeros(1, 2, 3, 3)).Dispose(),
        (_, _) => new BoundedSequence(null!).Dispose(),
        (_, _) => new BoundedSequence([null!]).Dispose(),
        (x, _) => new BoundedResidual(new BoundedLinear(3, 3), x).call(zeros(2, 3)).Dispose(),
        (_, random) => new AttentionWeights(Whole(random), Whole(random), Whole(random)).call(zeros(1, 2, 3)).Dispose(),
        (_, random) => new AttentionWeights(3, 1, Whole(random), isCausal: true).call(zeros(1, 2, 3)).Dispose(),
        (_, random) => new AttentionOperator(
            new BoundedLinear(3, 3), new AttentionWeights(3), 0.5, null, ResidualNorm.LargestToken(Whole(random))).Dispose(),
        (x, _) => new AttentionOperator(new BoundedLinear(3, 3), new AttentionWeights(3), x).Bind(zeros(2, 3)).Dispose(),
        (_, random) => new BoundedConvolution(Whole(random), Whole(random), Whole(random)).Dispose(),
        (_, random) => new BoundedConvolution(2, 2, random.Pick([1, 3]), (Whole(random), Whole(random))).Dispose(),
        (_, random) => new BoundedConvolution(2, 2, 3, null, random.Pick(Enum.GetValues<ScalarType>())).CertifyNorm(),
        (_, _) => new ModuleOperator(null!).Dispose(),
        (_, random) => StartOfModule(random),
        (x, _) => new EnergyOperator(null!, x).Dispose(),
        (x, _) => new EnergyOperator(new HostileModule(HostileMap.All[0]), x).call(zeros(2, 3), zeros(2, 3)).Dispose(),
        (_, _) => new CoupledModuleOperator(null!).Dispose(),
        (_, _) => new ExplicitOperator(null!).Dispose(),
        (_, _) => new ImplicitLayer(null!).Dispose(),
        (_, _) => new ImplicitNetwork(null!, null!, null!).Dispose(),
        (_, _) => new ImplicitNetwork(nn.Identity(), null!, nn.Identity()).Dispose(),
        (_, _) => new PerSampleMap((Func<Tensor, Tensor>)null!).Dispose(),
        (_, _) => new PerSampleMap((u, q) => u + q, null!).Dispose(),
        (_, _) => new PerSampleMap((u, _) => u, (MapInputs)null!).Dispose(),
        (_, _) => new PerSampleMap((u, _) => u, new MapInputs { PerSample = [zeros(2, 3)], Shared = [null!], Parameters = [null!] }).Dispose(),
        (_, _) => new CoupledMap((Func<Tensor, Tensor>)null!).Dispose(),
        (_, _) => new CoupledMap((u, _) => u, null!).Dispose(),
        (_, _) => new CoupledMap((u, _) => u, new MapInputs { PerSample = null! }).Dispose(),
        (_, _) => FixedPoint.Solve(null!, zeros(2, 3)).Dispose(),
        (_, _) => FixedPoint.Solve(new PerSampleMap(u => u), null!).Dispose(),
        (_, random) => StartOfTuple(random),
        (_, _) => new LatentTuple(null!),
        (_, _) => new LatentTuple(),
        (_, _) => new LatentTuple([]).Pack(),
        (_, _) => new LatentTuple([3]).Pack(null!),
        (_, random) => new LatentCache(new LatentCacheOptions { MaxBytes = Whole(random) }).Dispose(),
        (_, random) => new LatentCache(new LatentCacheOptions { Dtype = random.Pick(Enum.GetValues<ScalarType>()) }).Dispose(),
        (_, _) => new SolverChain { Solvers = [null!] },
        (_, _) => new WarnOnFailure { Warn = null! },
        (_, _) => new ImplicitLayer(new ModuleOperator(new HostileModule(HostileMap.All[0]))) { Gradient = null!, Solver = null! }.Dispose(),
        (_, _) => new FixedPointStep(null!, null!),
        (_, _) => FixedPointStep.OfMapped(null!, null!),
        (_, _) => new GradientCertifier().Certify(null!, null!, null!),
        (_, _) => new GradientCertifier().Compare(null!, null!, null!, null!),
        (_, _) => new JacobianFreeGradient().Attach(null!, null!),
        (_, _) => Contraction.Measure(null!, null!),
        (_, _) => Contraction.Report(null!, null!, null!),
        (_, _) => new GmresSolver().Solve(null!, null!, null!),
        (x, random) => new DigitClassifierOptions { Height = Small(random), Width = Small(random), Gamma = x }.CreateNetwork().Dispose(),
        (_, random) => new DigitClassifierOptions { LatentChannels = Small(random), Classes = Small(random) }.CreateNetwork().Dispose(),
        (x, random) => new MnistFpnOptions { Classes = Small(random), LatentLayers = Small(random), Gamma = x }.CreateNetwork().Dispose(),
    ];

    private static void StartOfModule(Random random)
    {
        long height = Whole(random), width = Whole(random);
        if (!MayTakeLong(2.0 * height * width))
        {
            new ModuleOperator(new HostileModule(HostileMap.All[0]), height, width).StartingLatent(zeros(2, 3)).Dispose();
        }
    }

    private static void StartOfTuple(Random random)
    {
        long first = Whole(random), second = Whole(random), batch = Whole(random);
        if (!MayTakeLong((first + second) * (double)batch))
        {
            new LatentTuple([first], [second]).Zeros(batch).Dispose();
        }
    }

    /// <summary>
    /// Zeros, from 2 GiB to 4 TiB, that a machine may have the memory for: they are what was asked for, and writing them is no hang.
    /// </summary>
    private static bool MayTakeLong(double numbers) => numbers is > 1L << 29 and < 1L << 40;

    private static int Whole(Random random) => random.Pick([0, 1, -1, 2, 3, 51, int.MinValue, int.MaxValue, 60_000, 1 << 20]);

    private static int Small(Random random) => random.Pick([0, 1, -1, 2, 9, 12, int.MinValue]);
}
