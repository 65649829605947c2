using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Training.Evaluation;

/// <summary>Sums of one number of applications over many batches.</summary>
internal sealed class ApplicationTotals(int? applications)
{
    private long _correct;
    private long _same;
    private double _loss;
    private double _residual;

    /// <summary>Adds a batch, in the caller's dispose scope.</summary>
    /// <param name="logits">[batch, classes].</param>
    /// <param name="labels">[batch].</param>
    /// <param name="answers">Those at the tolerance: [batch].</param>
    /// <param name="latent">u: [batch, ...].</param>
    /// <param name="mapped">R(u, q): [batch, ...].</param>
    public void Add(Tensor logits, Tensor labels, Tensor answers, Tensor latent, Tensor mapped)
    {
        Tensor own = logits.argmax(1);
        _correct += own.eq(labels).sum().ToInt64();
        _same += own.eq(answers).sum().ToInt64();
        _loss += nn.functional.cross_entropy(logits, labels, reduction: nn.Reduction.None).sum(ScalarType.Float64).ToDouble();
        Tensor residual = (mapped - latent).flatten(1).norm(1);
        Tensor relative = residual / latent.flatten(1).norm(1);
        _residual += where(residual.eq(0), residual, relative).sum(ScalarType.Float64).ToDouble();
    }

    public ApplicationMeasurement Over(int samples) => new()
    {
        Applications = applications,
        Accuracy = (double)_correct / Math.Max(1, samples),
        Loss = _loss / Math.Max(1, samples),
        RelativeResidual = _residual / Math.Max(1, samples),
        Agreement = (double)_same / Math.Max(1, samples),
    };
}
