using ImplicitNet.Solvers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// Finds the parts of a module that are another function at every evaluation while they are trained. R must be one function, in the solve,
/// in the step that is attached and in every backward pass: else there is no fixed point, and the gradient is that of something else. So
/// must the field of a flow.
/// </summary>
internal static class TrainingParts
{
    /// <summary>Refuses a part that draws random numbers, and one that looks across the batch where that is not allowed.</summary>
    /// <param name="module">R.</param>
    /// <param name="mayCouple">Whether batch normalisation in training mode is allowed.</param>
    /// <exception cref="InvalidOperationException">Names the part.</exception>
    public static void EnsureOneFunction(nn.Module module, bool mayCouple) => Ensure(module, mayCouple, new Words(
        "R",
        "Put it into the encoder or the readout",
        "give its masks to R with q",
        $"Take a {nameof(CoupledModuleOperator)}, put it into the encoder"));

    /// <summary>The same of the field of a flow.</summary>
    /// <param name="field">f.</param>
    /// <exception cref="InvalidOperationException">Names the part.</exception>
    public static void EnsureOneFunction(FieldOperator field) => Ensure(field, mayCouple: false, new Words(
        "The field",
        "Put it before the flow or behind it",
        $"give its masks to a field of your own as inputs ({nameof(MapInputs)})",
        "Put it before the flow or behind it"));

    private static void Ensure(nn.Module module, bool mayCouple, Words words)
    {
        foreach ((string name, nn.Module part) in module.named_modules().Prepend((module.GetName(), module)))
        {
            if (!part.training)
            {
                continue;
            }

            if (Draws(part))
            {
                throw new InvalidOperationException(
                    $"{words.Function} draws random numbers: {part.GetType().Name} \"{name}\" gives another mask at every evaluation. "
                    + $"{words.Elsewhere}, {words.GiveMasks}, or set it to eval().");
            }

            if (!mayCouple && KeepsStatistics(part))
            {
                throw new InvalidOperationException(
                    $"{words.Function} looks across the batch: {part.GetType().Name} \"{name}\" is in training mode, "
                    + $"and moves its statistics at every evaluation. {words.Coupled}, or set it to eval().");
            }
        }
    }

    /// <summary>The normalisations of a module that keep statistics now.</summary>
    public static NormBase[] Statistics(nn.Module module) =>
        [.. module.modules().OfType<NormBase>().Where(norm => norm.training && KeepsStatistics(norm))];

    private static bool Draws(nn.Module part) => part switch
    {
        Dropout dropout => dropout.p > 0,
        Dropout1d dropout => dropout.p > 0,
        Dropout2d dropout => dropout.p > 0,
        Dropout3d dropout => dropout.p > 0,
        AlphaDropout dropout => dropout.p > 0,
        FeatureAlphaDropout dropout => dropout.p > 0,
        SampleDropout dropout => dropout.Share > 0,
        RReLU slopes => slopes.lower != slopes.upper,
        _ => false,
    };

    // Batch normalisation looks across the batch whether or not it keeps running statistics; that of an instance does not.
    private static bool KeepsStatistics(nn.Module part) => part is BatchNorm or InstanceNorm { track_running_stats: true };

    private readonly record struct Words(string Function, string Elsewhere, string GiveMasks, string Coupled);
}
