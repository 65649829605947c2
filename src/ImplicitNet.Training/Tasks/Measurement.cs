using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>Something measured of every sample of a batch beside its loss.</summary>
/// <param name="Name">A few words in small letters; the name of its mean over a data set in histories, reports and results.</param>
/// <param name="Values">One number a sample, of any dtype: [batch]. In the caller's dispose scope.</param>
public readonly record struct Measurement(string Name, Tensor Values)
{
    /// <summary>
    /// The name of the share of answers that are right as a whole (an image's class, every cell of a maze): of 0 or 1 a sample. Results
    /// call its mean the accuracy.
    /// </summary>
    public const string Accuracy = "accuracy";
}
