#:project ../src/ImplicitNet.Training/ImplicitNet.Training.csproj

// The next character of a text, by a recurrent network whose states are not computed one after another: all of them together are
// one fixed point. The state at a character depends on the state before it, so it knows what was read, and nothing of what is to come.
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Training;
using ImplicitNet.Training.Data;
using ImplicitNet.Training.Tasks;
using static TorchSharp.torch;

Random chance = new(1); // Your text is File.ReadAllText("book.txt"); here sentences are drawn.
string Pick(params string[] words) => words[chance.Next(words.Length)];
string Sentence() => $"the {Pick("cat", "dog", "fox")} {Pick("sees", "hears")} the {Pick("red", "old")} {Pick("bird", "mouse", "car")}. ";
string text = string.Concat(Enumerable.Range(0, 3000).Select(_ => Sentence()));
(TextBatches train, TextBatches validation) = BatchSource.FromText(text, length: 48, batchSize: 16).Split(0.1);
random.manual_seed(1);
int count = train.Vocabulary.Count;
using ImplicitNetwork network = new(nn.Embedding(count, 64), new ModuleOperator(new Recurrence(64)), nn.Linear(64, count));
network.Gradient = new NeumannGradient { Terms = 4 }; // how many states back the gradient looks
using Trainer trainer = new(network, new NextToken(), train, validation, new TrainingOptions { Epochs = 4, ClipNorm = 1 });
Console.WriteLine($"{trainer.Run().ValidationLoss:0.000} nats a character on text that it never saw. It writes:");

string written = "the ";
while (written.Length < 120)
{
    Tensor logits = network.call(tensor(train.Vocabulary.Encode(written)).unsqueeze(0))[0, -1];
    written += train.Vocabulary.Decode([logits.softmax(0).multinomial(1).item<long>()]);
}

Console.WriteLine(written);

internal sealed class Recurrence : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> carry;
    public Recurrence(long width) : base("recurrence") => register_module("carry", carry = nn.Linear(width, width));
    public override Tensor forward(Tensor u, Tensor q) => (nn.functional.pad(carry.call(u[.., ..^1]), [0, 0, 1, 0]) + q).tanh();
}
