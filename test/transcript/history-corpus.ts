import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const file = (name: string): string => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
const bytes = Buffer.concat(Array.from({ length: 40 }, (_, at) => createHash('sha256').update(String(at)).digest()));

/** What conversations hold, in many scripts, and what tools give back. */
export const corpus: Readonly<Record<string, string>> = {
  english:
    'All human beings are born free and equal in dignity and rights. They are endowed with reason and conscience and should act towards one another in a spirit of brotherhood. Could you please check whether invoice 4711 has already been paid, and if not, tell the customer that we will send a reminder next Tuesday?',
  german:
    'Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen. Bitte überprüfen Sie die Rechnungsnummer, die Zahlungsbedingungen und die Lieferzeitvereinbarung mit der Geschäftsführung.',
  french:
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité. Pourriez-vous vérifier si la facture a déjà été réglée, s'il vous plaît ?",
  spanish:
    'Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están de razón y conciencia, deben comportarse fraternalmente los unos con los otros. ¿Podría comprobar si la factura ya está pagada? Mañana enviaremos un recordatorio al cliente.',
  polish:
    'Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu braterstwa. Proszę sprawdzić, czy faktura została już zapłacona.',
  turkish:
    'Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler. Lütfen faturanın ödenip ödenmediğini kontrol edin.',
  vietnamese:
    'Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi. Mọi con người đều được tạo hoá ban cho lý trí và lương tâm và cần phải đối xử với nhau trong tình bằng hữu.',
  finnish:
    'Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille on annettu järki ja omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden hengessä. Tarkistakaa, onko lasku jo maksettu.',
  russian:
    'Все люди рождаются свободными и равными в своём достоинстве и правах. Они наделены разумом и совестью и должны поступать в отношении друг друга в духе братства. Проверьте, пожалуйста, оплачен ли уже счёт номер 4711.',
  ukrainian:
    'Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені розумом і совістю і повинні діяти у відношенні один до одного в дусі братерства. Перевірте, будь ласка, чи сплачено рахунок.',
  greek:
    'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι με λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ τους με πνεύμα αδελφοσύνης.',
  arabic:
    'يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق. وقد وهبوا عقلاً وضميرًا وعليهم أن يعامل بعضهم بعضًا بروح الإخاء. من فضلك تحقق مما إذا كانت الفاتورة قد دفعت بالفعل.',
  hebrew:
    'כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה עליהם לנהוג איש ברעהו ברוח של אחווה.',
  hindi:
    'सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। उन्हें बुद्धि और अन्तरात्मा की देन प्राप्त है और परस्पर उन्हें भाईचारे के भाव से बर्ताव करना चाहिए।',
  thai: 'มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ต่างมีเหตุผลและมโนธรรม และควรปฏิบัติต่อกันด้วยเจตนารมณ์แห่งภราดรภาพ',
  chinese:
    '人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。请检查发票是否已经支付，如果没有，请告诉客户我们下周二会发送提醒。',
  traditional:
    '人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心，並應以兄弟關係的精神互相對待。請檢查發票是否已經支付。',
  japanese:
    'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。請求書が支払われているか確認してください。',
  korean:
    '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았으며 서로 형제애의 정신으로 행동하여야 한다. 청구서가 결제되었는지 확인해 주세요.',
  emoji: '🙂🎉👍 Great! 🚀🚀 shipped 📦 to 🇩🇪 and 🇯🇵 👨‍👩‍👧‍👦 ❤️ 🤖✨ done ✅ next ⏳ 🧑‍💻🔥💯 thanks 🙏🏽',
  json: JSON.stringify(
    Array.from({ length: 12 }, (_, at) => ({
      id: `inv-${1000 + at * 37}`,
      amount: at * 129.95,
      currency: 'EUR',
      status: at % 2 === 0 ? 'paid' : 'open',
      createdAt: `2026-0${1 + (at % 9)}-14T09:${10 + at}:00.000Z`,
      customer: { name: 'Ada Lovelace', email: `ada${at}@example.com`, tags: ['vip', 'eu'] },
    })),
  ),
  'indented json': JSON.stringify(
    { rows: Array.from({ length: 10 }, (_, at) => ({ at, ok: true, next: null })) },
    null,
    2,
  ),
  base64: bytes.toString('base64'),
  hex: bytes.toString('hex'),
  uuids: Array.from({ length: 20 }, (_, at) =>
    bytes.toString('hex', at, at + 16).replace(/(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  ).join('\n'),
  urls: 'https://api.example.com/v2/customers/8812/invoices?status=open&limit=50&cursor=eyJpZCI6MTIzfQ%3D%3D https://docs.example.org/guide/getting-started#install',
  table:
    '| Name | Qty | Price |\n|---|---:|---:|\n| Bolt M8 | 120 | 0.35 |\n| Nut M8 | 240 | 0.12 |\n| Washer | 500 | 0.02 |\n',
  capitals:
    "SELECT CUSTOMER_ID, SUM(AMOUNT) FROM INVOICES WHERE STATUS = 'OPEN' GROUP BY CUSTOMER_ID HAVING SUM(AMOUNT) > 1000 ORDER BY 2 DESC;",
  numbers: Array.from({ length: 60 }, (_, at) => (at * 7919.13).toFixed(2)).join(', '),
  log: Array.from(
    { length: 10 },
    (_, at) =>
      `2026-11-28 08:1${at}:33,412 ERROR [worker-${at}] com.acme.billing.InvoiceService - Timeout after 3000ms (attempt ${at}/3)`,
  ).join('\n'),
  italian:
    'Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono dotati di ragione e di coscienza e devono agire gli uni verso gli altri in spirito di fratellanza. Può verificare se la fattura è già stata pagata?',
  dutch:
    'Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. Zij zijn begiftigd met verstand en geweten, en behoren zich jegens elkander in een geest van broederschap te gedragen. Controleer of de factuur al is betaald.',
  indonesian:
    'Semua orang dilahirkan merdeka dan mempunyai martabat dan hak-hak yang sama. Mereka dikaruniai akal dan hati nurani dan hendaknya bergaul satu sama lain dalam semangat persaudaraan.',
  czech:
    'Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a svědomím a mají spolu jednat v duchu bratrství.',
  persian:
    'تمام افراد بشر آزاد زاده می‌شوند و از لحاظ حیثیت و کرامت و حقوق با هم برابرند. همگی دارای عقل و وجدان می‌باشند و باید با یکدیگر با روحیه‌ای برادرانه رفتار کنند.',
  bulgarian:
    'Всички хора се раждат свободни и равни по достойнство и права. Те са надарени с разум и съвест и следва да се отнасят помежду си в дух на братство.',
  'typescript source': file('src/transcript/links.ts'),
  'english documents': file('docs/receipts.md'),
  manifest: file('package.json'),
};
