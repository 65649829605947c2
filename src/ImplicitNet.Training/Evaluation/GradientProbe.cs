using ImplicitNet.Certification;
using ImplicitNet.Gradients;
using ImplicitNet.LinearSolvers;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>
/// Compares the gradient that a model trains with to the exact one, <c>cos(g, h) = &lt;g, h&gt; / (||g|| ||h||)</c>, on a fixed batch: the
/// first samples of the data, as they are, in evaluation mode.
/// </summary>
/// <remarks>
/// It makes a certificate of that batch (<see cref="GradientCertifier"/>) and keeps the cosine of the gradients of all parameters. It draws
/// nothing at random and changes neither weights nor statistics: a run ends with the same weights with and without it.
/// </remarks>
public sealed record GradientProbe
{
    private static readonly GradientCertifier Certifier = new() { Reference = new GmresSolver { MaxProducts = 200 }, PowerIterations = 1 };

    /// <summary>The number of measurements per epoch, evenly spread, the last one at its end; at least 1; default 4.</summary>
    public int TimesPerEpoch
    {
        get;
        init => field = value >= 1
            ? value
            : throw new ArgumentOutOfRangeException(nameof(TimesPerEpoch), value, "A probe measures at least once an epoch.");
    } = 4;

    /// <summary>Samples in the batch; at least 1; default 32. A smaller data set gives all it has.</summary>
    public int Samples
    {
        get;
        init =>
            field = value >= 1 ? value : throw new ArgumentOutOfRangeException(nameof(Samples), value, "A probe needs at least 1 sample.");
    } = 32;

    /// <summary>Whether a measurement follows a step.</summary>
    /// <param name="step">The step in its epoch, from 1.</param>
    /// <param name="steps">Steps of the epoch.</param>
    internal bool IsDue(long step, long steps) => step * TimesPerEpoch / steps > (step - 1) * TimesPerEpoch / steps;

    /// <summary>The cosine of a gradient to the exact one, in [-1, 1]; NaN where nothing is known.</summary>
    /// <param name="model">Not changed.</param>
    /// <param name="task">Its losses are differentiated.</param>
    /// <param name="gradient">Null for the layers' own.</param>
    /// <param name="source">The first of its samples are taken.</param>
    internal double Cosine(TrainedModel model, TrainingTask task, FixedPointGradient? gradient, BatchSource source)
    {
        using EvaluationMode mode = new(model.Module);
        using Batch batch = source.First(Samples);
        model.Take(batch);
        Func<Tensor> losses = () => TrainedModel.Losses(task, model.Answer(batch), batch);
        GradientCertificate certificate = gradient is null
            ? Certifier.Certify(model.Module, losses)
            : Certifier.Compare(model.Module, losses, [gradient])[0];
        return certificate.Gradient.Cosine;
    }
}
