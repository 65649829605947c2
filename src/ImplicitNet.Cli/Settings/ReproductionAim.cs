namespace ImplicitNet.Cli.Settings;

/// <summary>What a reproduction is asked for.</summary>
/// <param name="Clean">The clean form by JFB, but for seed and epochs.</param>
/// <param name="Hours">What it may take.</param>
/// <param name="Seeds">The seeds that are wanted.</param>
/// <param name="MostEpochs">The most epochs of a training.</param>
internal sealed record ReproductionAim(RunSettings Clean, double Hours, IReadOnlyList<long> Seeds, int MostEpochs);
