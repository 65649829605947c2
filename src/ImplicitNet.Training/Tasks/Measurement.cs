using static TorchSharp.torch;

namespace ImplicitNet.Training.Tasks;

/// <summary>Something measured for every sample of a batch besides its loss.</summary>
/// <param name="Name">A few words in small letters; the name of its mean over a data set in histories, reports and results.</param>
/// <param name="Values">One number per sample, of any dtype: [batch]. In the caller's dispose scope.</param>
public readonly record struct Measurement(string Name, Tensor Values)
{
    /// <summary>
    /// The name under which a task measures whether an answer is entirely right (an image's class, every cell of a maze): 0 or 1 for each
    /// sample. Results call its mean the accuracy.
    /// </summary>
    public const string Accuracy = "accuracy";
}
